"""Writes docs/layers.md out of the layers' classes; `--check` only says whether it is up to date.

python scripts/layers_page.py
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from inspect import getdoc
from itertools import groupby
from pathlib import Path

from striate import ops
from striate.ir import Op, Parameter, op_named
from striate.ops.foreign import ForeignLayer

PAGE = Path(__file__).parents[1] / "docs" / "layers.md"
HEAD = """# Layers

Every layer of the notation: how it is called, what it computes, where it comes from. Made by
`scripts/layers_page.py` out of the classes in `src/striate/ops`; change those, not this page.

Arguments go by position or by either of their names: `conv(64, 3, 2)`, `conv(64, s=2)` and
`conv(width=64, stride=2)` are one layer. Where an argument takes one number per axis, `1x7` is 1
along the height and 7 along the width. The rank of the plane is that of the input: *flat* `[C]`,
*1-D* `[C, L]`, *2-D* `[C, H, W]`, *3-D* `[C, D, H, W]`. Names are matched without regard to case.

`id`, `none`, `take(i)` and `.0` are wires and no layers: see [the notation](notation.md).

"""
RANKS = ("flat", "1-D", "2-D", "3-D")


def page() -> str:
    """The whole page."""
    layers = sorted(_layers(), key=lambda layer: (layer.__module__, _place(layer)))
    families = [list(family) for _, family in groupby(layers, key=lambda one: one.__module__)]
    names = sorted((layer.name for layer in layers), key=str.lower)
    index = " ·\n".join(f"[`{name}`](#{_anchor(name)})" for name in names)
    return HEAD + index + "\n" + "".join(map(_family, families))


def _layers() -> Iterator[type[Op]]:
    for name in ops.op_names():
        layer = op_named(name)
        assert layer
        if not issubclass(layer, ForeignLayer):
            yield layer


def _place(layer: type[Op]) -> int:
    """Where it stands in its file."""
    names = list(vars(sys.modules[layer.__module__]))
    return names.index(layer.__name__)


def _family(layers: list[type[Op]]) -> str:
    title = (sys.modules[layers[0].__module__].__doc__ or "").partition("\n")[0].rstrip(".")
    return f"\n## {title}\n" + "".join(map(_layer, layers))


def _layer(layer: type[Op]) -> str:
    lines = [f'\n### <a id="{_anchor(layer.name)}"></a>`{layer.name}`\n']
    lines.append(f"```text\n{_call(layer)}\n```\n")
    lines.append(f"{getdoc(layer)}\n")
    lines.append(f"    {layer.formula}\n")
    if layer.parameters:
        lines.append("| argument | long name | default | |\n|---|---|---|---|")
        lines.extend(map(_argument, layer.parameters.values()))
        lines.append("")
    lines.append(_facts(layer))
    lines.append("```text\n" + "\n".join(layer.examples) + "\n```")
    return "\n".join(lines) + "\n"


def _call(layer: type[Op]) -> str:
    if not layer.is_element and not layer.parameters:
        return f"(a {layer.name} b)"
    return layer.signature() if layer.parameters else layer.name


def _argument(parameter: Parameter) -> str:
    long = f"`{parameter.long}`" if parameter.long else ""
    default = "" if parameter.is_required else f"`{parameter.default_text}`"
    words = (
        f"; {'one of' if parameter.is_word else 'or'} {', '.join(parameter.words)}"
        if parameter.words
        else ""
    )
    return f"| `{parameter.name}` | {long} | {default} | {parameter.doc}{words} |"


def _facts(layer: type[Op]) -> str:
    facts = []
    if layer.also:
        facts.append("Also called " + ", ".join(f"`{name}`" for name in layer.also) + ".")
    fewest, most = layer.streams
    if most > 1:
        several = f"{fewest} to {most}" if most > fewest else str(most)
        facts.append(f"Takes {several if most < 10 else 'any number of'} streams.")
    if fewest and len(layer.ranks) < len(RANKS):
        facts.append(f"Planes: {', '.join(RANKS[rank] for rank in layer.ranks)}.")
    if layer.follows:
        facts.append(f"`set {layer.follows}(...)` changes its defaults too.")
    if layer.source:
        facts.append(f"Source: {layer.source}.")
    return "\n".join(facts) + "\n" if facts else ""


def _anchor(name: str) -> str:
    words = {"+": "sum", "-": "difference", "|": "concatenation", "&": "product"}
    return "layer-" + words.get(name, name)


def main() -> int:
    """Write the page, or with `--check` compare it; 1 where it is stale."""
    text = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    print("docs/layers.md is stale; run python scripts/layers_page.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
