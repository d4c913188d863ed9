"""A training that is killed at any moment ends, gone on with, as if it had not been."""

from __future__ import annotations

from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from tests.data.pictures import stripe_folder
from tests.train.killing import RESULTS, results, run, server


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stripe_folder(tmp_path_factory.mktemp("photos") / "photos", side=12)


@pytest.fixture(scope="module")
def context() -> ForkServerContext:
    return server()


@pytest.fixture(scope="module")
def peaceful(
    context: ForkServerContext, photos: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    """What a training comes to that nobody interrupts."""
    out = tmp_path_factory.mktemp("peaceful") / "run"
    assert run(context, photos, out, None) == 0
    assert not (out / "state").exists()
    return results(out)


@pytest.mark.parametrize(
    "deaths",
    [
        [("step", 2), ("step", 4), ("step", 1), ("step", 3)],
        [("evaluation", 1), ("evaluation", 2)],
        [("write", 20), ("write", 1), ("write", 3)],
        [("rename", 10), ("rename", 1), ("rename", 9)],
    ],
)
def test_killed_and_gone_on_with_it_ends_the_same_to_the_last_bit(
    context: ForkServerContext,
    photos: Path,
    tmp_path: Path,
    peaceful: dict[str, bytes],
    deaths: list[tuple[str, int]],
) -> None:
    out = tmp_path / "run"
    for deadly in deaths:
        assert run(context, photos, out, deadly) == -9
    assert run(context, photos, out, None) == 0
    killed = results(out)
    assert [name for name in RESULTS if killed[name] != peaceful[name]] == []
    assert [path.name for path in out.rglob("*.part")] == []
