"""Which network those get who name none."""

from __future__ import annotations

import pytest

from striate.data.audit import QuickAudit
from striate.errors import UsageError
from striate.options import Options
from striate.train import usual
from striate.train.usual import usual_network


def seen(side: int, *, share: float = 1.0, bands: frozenset[int] = frozenset({3})) -> QuickAudit:
    return QuickAudit((), side, side, share, max(bands), bands, ())


@pytest.fixture(autouse=True)
def weights_are_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usual, "offline_weights", lambda name: True)


@pytest.mark.parametrize(
    ("look", "options", "net", "recipe"),
    [
        (seen(8), Options(), "resnet20", "scratch"),
        (seen(32), Options(), "airbench", "cifar"),
        (seen(32, share=0.5), Options(), "efficientnet_lite0", "finetune"),
        (seen(32), Options(pretrained=True), "efficientnet_lite0", "finetune"),
        (seen(32), Options(size=128), "efficientnet_lite0", "finetune"),
        (seen(500), Options(), "efficientnet_lite0", "finetune"),
        (seen(500), Options(recipe="scratch"), "resnet18", "scratch"),
        (seen(500), Options(pretrained=False), "resnet18", "scratch"),
        (seen(500, bands=frozenset({5})), Options(), "resnet18", "scratch"),
    ],
)
def test_the_network_suits_the_images(
    look: QuickAudit, options: Options, net: str, recipe: str
) -> None:
    found = usual_network(look, options)
    assert (found.net, found.recipe) == (net, recipe)
    assert bool(found.pretrained) == (recipe == "finetune")


def test_without_installed_weights_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usual, "offline_weights", lambda name: False)
    assert usual_network(seen(500), Options()).pretrained is False


def test_weights_of_an_unnamed_network_are_refused() -> None:
    with pytest.raises(UsageError, match="but not their network"):
        usual_network(seen(500), Options(pretrained="weights.pt"))


def test_pictures_with_transparency_are_photos() -> None:
    audit = QuickAudit((), 150, 150, 0.1, 3, frozenset({2, 4}), ())
    assert usual.usual_network(audit, Options()).net == "efficientnet_lite0"
