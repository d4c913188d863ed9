"""Classes whose names look alike."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from striate.data.audit.finding import Finding, Hits, Scanned
from striate.data.names import shown

# Letters of other alphabets that look like Latin ones.
# Source: The Unicode Consortium, Technical Standard 39, "confusables", the commonest of them.
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁԛԝһкмтвнАВЕКМНОРСТУХІЈЅοανυρτικΑΒΕΖΗΙΚΜΝΟΡΤΥΧ0",
    "aeopcyxijsdqwhkmtbhabekmhopctyxijsoavuptikabezhikmnoptyxo",
)


def skeleton(name: str) -> str:
    """What is left of a name without case, spaces, accents' encoding, plural and disguises.

    >>> skeleton("Cats"), skeleton("c at"), skeleton("сat")
    ('cat', 'cat', 'cat')
    """
    plain = unicodedata.normalize("NFKC", name).translate(_LOOKALIKES).casefold()
    letters = re.sub(r"[\s_\-.]+", "", plain) or plain
    if len(letters) > 3 and letters.endswith("s") and not letters.endswith("ss"):
        return letters.removesuffix("s")
    return letters


def look_alikes(classes: Sequence[str]) -> list[str]:
    """Those of one skeleton beside each other, as text."""
    alike: dict[str, list[str]] = {}
    for name in classes:
        alike.setdefault(skeleton(name), []).append(name)
    return [_told(group) for group in alike.values() if len(group) > 1]


def _check(scanned: Scanned) -> Hits:
    names = look_alikes(scanned.manifest.classes)
    return Hits(len(names), "groups", names=tuple(names))


def _told(group: list[str]) -> str:
    """The names beside each other; with their codes where they would look the same."""
    words = [name if name.isascii() else f"{shown(name)} ({name!a})" for name in group]
    return " / ".join(map(shown, words))


FINDING = Finding(
    code="similar-classes",
    severity="warning",
    topic="classes",
    title="classes whose names look alike",
    sentence="They may be one class, spelt in several ways.",
    advice="rename one, or move the images of one into the other",
    check=_check,
)
