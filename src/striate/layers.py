"""Layers and blocks by name, for networks written in Python: `from striate import layers as L`.

`L.conv(16) >> L.bn >> L.relu`: every layer of the notation, every block of its library and every
name of the zoo is here; see `striate.notation.builder` for the operators and `L.choice`, `L.ref`,
`L.streams`, `L.pick`, `L.text`.

>>> from striate import layers as L
>>> str(L.conv(16, s=2) >> L.bn >> (L.id | L.conv(8)))
'conv(16, s=2) -> bn -> (id | conv(8))'
"""

from __future__ import annotations

from striate.errors import did_you_mean
from striate.notation import known_names
from striate.notation.builder import Piece, choice, name, pick, ref, streams, text
from striate.zoo import cards

__all__ = ["Piece", "choice", "name", "pick", "ref", "streams", "text"]


def __getattr__(word: str) -> Piece:
    known = {*known_names(), *cards()}
    if word in known or word.lower() in known:
        return name(word)
    raise AttributeError(
        f"no layer is called '{word}'{did_you_mean(word, known)}; "
        f"for a definition of your own write name('{word}')"
    )


def __dir__() -> list[str]:
    return sorted({*__all__, *known_names(), *cards()})
