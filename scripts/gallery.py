"""Writes docs/gallery.md and a picture of one network of each family under docs/gallery.

    python scripts/gallery.py [FAMILY ...]

With families named only their pictures are drawn again; the page is written in any case.
"""

from __future__ import annotations

import sys
from pathlib import Path

from striate import zoo
from striate.networks import network
from striate.zoo import Card

PAGE = Path(__file__).resolve().parents[1] / "docs" / "gallery.md"
FOLDER = PAGE.parent / "gallery"
MOST_BYTES = 60_000
"""Larger pictures are folded further."""
DEEPEST = 6
KNOWN = set(
    "alexnet dcgan_generator densenet121 dpn92 efficientnet_v2_s hrnet_w18 lenet5 mobilenet_v1"
    " nasnet_a_mobile resnet50 res2net50_26w_4s resnest50d seresnet50 shufflenet_v2_x1_0 vgg16"
    " regnet_y_400mf highway_19_cifar10 mnasnet1_0 cbam_resnet50 skresnet50 ghostnet_100".split()
)
"""Drawn for their families, as the names that people know; the first on the cards for the rest."""
HEAD = """# Gallery

One network of each family in the zoo, drawn by `net.svg()`, the picture that notebooks show and
`striate show NAME --svg FILE` writes. Repeated parts are folded. In a browser, a layer tells its
sizes, parameters and formula when pointed at. Made by `scripts/gallery.py`.

"""


def main() -> int:
    """Draws, and writes the page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = sys.argv[1:]
    for card in faces():
        if not wanted or card.family in wanted:
            file_of(card).write_text(picture(card), encoding="utf-8")
    if not wanted:
        for file in set(FOLDER.glob("*.svg")) - {file_of(card) for card in faces()}:
            file.unlink()
    PAGE.write_text(page(), encoding="utf-8")
    return 0


def faces() -> list[Card]:
    """One network of each family, families in alphabetical order."""
    chosen: dict[str, Card] = {}
    for card in zoo.cards().values():
        if card.family not in chosen or card.name in KNOWN:
            chosen[card.family] = card
    return [chosen[family] for family in sorted(chosen)]


def file_of(card: Card) -> Path:
    """Where the picture of a family is."""
    return FOLDER / f"{card.family}.svg"


def picture(card: Card) -> str:
    """The deepest picture that is small enough to be read."""
    made = network(card.name)
    for depth in (None, *range(DEEPEST, 1, -1)):
        drawn = made.svg(depth=depth)
        if len(drawn.encode()) <= MOST_BYTES:
            return drawn
    return made.svg(depth=1)


def page() -> str:
    """The whole page."""
    shown = faces()
    index = " ·\n".join(f"[{card.family}](#{card.family})" for card in shown)
    return f"{HEAD}{index}\n" + "".join(map(_section, shown))


def _section(card: Card) -> str:
    names = [one.name for one in zoo.cards().values() if one.family == card.family]
    others = ", ".join(f"`{name}`" for name in names if name != card.name)
    lines = [
        f'\n## <a id="{card.family}"></a>{card.family}\n',
        f"{card.paper}: {card.idea}.\n",
        f"![{card.name}](gallery/{card.family}.svg)\n",
        f"Shown: `{card.name}`." + (f" Also: {others}." if others else ""),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
