"""Colours and type of the pictures, for light and dark pages."""

from __future__ import annotations

from typing import Final, NamedTuple


class Paint(NamedTuple):
    """Fill and line of one kind of layer, on a light page and on a dark one."""

    words: str
    fill: str
    line: str
    dark_fill: str
    dark_line: str


PAINTS: Final[dict[str, Paint]] = {
    "conv": Paint("convolution", "#d6e6fb", "#5a8fd6", "#1f3d63", "#6ea3e8"),
    "pool": Paint("pooling", "#d5f0dc", "#4fa66b", "#1d4a2c", "#67c486"),
    "norm": Paint("normalisation", "#ececf1", "#a2a2b3", "#3a3a46", "#8f8fa3"),
    "act": Paint("activation", "#fdeacb", "#dda23a", "#57411a", "#e3b45c"),
    "fc": Paint("dense", "#e9dcf9", "#9568cf", "#43296b", "#b18be6"),
    "join": Paint("join", "#ffffff", "#444c5c", "#14171c", "#c8cede"),
    "drop": Paint("regularisation", "#f9dfe6", "#cf7590", "#582735", "#e28ca6"),
    "shape": Paint("reshape, resample", "#d3eff0", "#44a0a6", "#174649", "#5fc0c6"),
    "source": Paint("input, output", "#434b5a", "#434b5a", "#d3d8e2", "#d3d8e2"),
    "other": Paint("other", "#f3edd8", "#ab9a5a", "#4a4325", "#c2b275"),
}
"""By the `glyph` of an op; in order of the legend."""

SANS: Final = (
    "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
)
MONO: Final = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"
CODE_PX: Final = 12
"""Type size of layers; a monospaced letter is 0.61 as wide in the widest of the fonts above."""
CODE_WIDTH: Final = CODE_PX * 0.61
SMALL_PX: Final = 10.5
SMALL_WIDTH: Final = SMALL_PX * 0.61
TITLE_WIDTH: Final = 7.0


def kind(glyph: str) -> str:
    """The glyph itself, or `other` for one that has no colour."""
    return glyph if glyph in PAINTS else "other"


def style_sheet() -> str:
    """The rules of the picture; nothing is loaded from elsewhere."""
    light = [
        "svg{background:#ffffff}",
        f".t{{font:{CODE_PX}px {MONO};fill:#1d2330;text-anchor:middle}}",
        f".s{{font:{SMALL_PX}px {MONO};fill:#5c6678;stroke:#ffffff;stroke-width:3px;"
        "paint-order:stroke;stroke-linejoin:round}",
        f".g{{font:600 12px {SANS};fill:#39414f;stroke:#fafbfc;stroke-width:3px;"
        "paint-order:stroke;stroke-linejoin:round}",
        f".b{{font:700 11px {SANS};fill:#ffffff;text-anchor:middle}}",
        f".h{{font:700 18px {SANS};fill:#1d2330}}",
        f".d{{font:13px {SANS};fill:#5c6678}}",
        ".e{fill:none;stroke:#7b8698;stroke-width:1.5}",
        ".a{fill:#7b8698}",
        ".box{fill:#fafbfc;stroke:#c3cad6}",
        ".rep{fill:#f6f8fc;stroke:#8d9ab3;stroke-dasharray:5 3}",
        ".closed{fill:#ffffff;stroke:#8d9ab3;stroke-width:1.5}",
        ".badge{fill:#5c6b88}",
        ".source-t{fill:#ffffff}",
    ]
    dark = [
        "svg{background:#14171c}",
        ".t{fill:#e8ecf4}",
        ".s{fill:#a6b0c2;stroke:#14171c}",
        ".g{fill:#d5dbe7;stroke:#1a1e25}",
        ".h{fill:#f0f3f9}",
        ".d{fill:#a6b0c2}",
        ".e{stroke:#8792a6}",
        ".a{fill:#8792a6}",
        ".box{fill:#1a1e25;stroke:#454e5e}",
        ".rep{fill:#1d222b;stroke:#66738c}",
        ".closed{fill:#20252e;stroke:#7684a0}",
        ".source-t{fill:#14171c}",
    ]
    for name, paint in PAINTS.items():
        light.append(f".{name}{{fill:{paint.fill};stroke:{paint.line}}}")
        dark.append(f".{name}{{fill:{paint.dark_fill};stroke:{paint.dark_line}}}")
    return f"{''.join(light)}@media (prefers-color-scheme:dark){{{''.join(dark)}}}"
