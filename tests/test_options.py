"""Every option once: what is legal, and how the command line is made of it."""

from __future__ import annotations

import pytest

from striate.cli.main import command, run
from striate.errors import UsageError
from striate.options import Options, check_options, options
from striate.quantities import seconds_of


def test_every_option_says_what_it_is_for() -> None:
    assert list(options()) == list(Options.__annotations__)
    for option in options().values():
        assert option.about.help.endswith("."), option.name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch", "auto"),
        ("batch", 64),
        ("time", "1h30m"),
        ("time", "90s"),
        ("lr", 1),
        ("pretrained", True),
        ("pretrained", "weights.pt"),
        ("optimizer", "muon"),
        ("flip", False),
    ],
)
def test_legal_values_are_accepted(name: str, value: object) -> None:
    check_options({name: value})


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("batch", "much", "--batch takes a whole number from 2 to 65536 or auto, found 'much'"),
        ("time", "10", "--time takes a time such as 90s, 10m or 1h30m, found '10'"),
        ("time", "0m", "--time takes a time such as 90s, 10m or 1h30m, found '0m'"),
        ("balance", "yes", "--balance takes none, weights, sampler or effective, found 'yes'"),
        ("pretrained", "", "--pretrained takes a file, hf:owner/name, or the word pretrained"),
        ("epochs", True, "--epochs takes a whole number from 1 to 100000, found True"),
    ],
)
def test_illegal_values_are_refused(name: str, value: object, expected: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_options({name: value})
    assert expected in str(caught.value)


def test_epochs_and_time_exclude_each_other() -> None:
    with pytest.raises(UsageError, match="--epochs and --time exclude each other"):
        check_options({"epochs": 3, "time": "1m"})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2.5h", 9000.0), ("1h 30 m", 5400.0), ("m", None), ("", None), ("10m later", None)],
)
def test_times_are_read(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


def test_the_manual_of_fit_has_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fit", "--help"]) == 0
    manual = capsys.readouterr().out
    missing = [option.flag for option in options().values() if f"{option.flag} " not in manual]
    assert not missing


def test_a_command_keeps_its_own_words() -> None:
    assert (command("fit").__doc__ or "").startswith("Train a network on images")
