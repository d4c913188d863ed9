"""Settings that go together, each set in a file of its own: the folder is the list."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

from striate.errors import UsageError, did_you_mean, listing
from striate.options import check_options


@dataclass(frozen=True, slots=True)
class Recipe:
    """A named set of options, and what was seen of it."""

    name: str
    text: str
    options: Mapping[str, object]


@cache
def recipes() -> Mapping[str, Recipe]:
    """All recipes by name."""
    files = sorted(resources.files(__name__).iterdir(), key=lambda file: file.name)
    return {
        file.name.removesuffix(".toml"): _read(file.name.removesuffix(".toml"), file.read_text())
        for file in files
        if file.name.endswith(".toml")
    }


def find_recipe(name: str) -> Recipe:
    """The recipe of a name.

    Raises:
        UsageError: there is none.
    """
    known = recipes()
    if name not in known:
        raise UsageError.of(
            "unknown-recipe",
            f"there is no recipe '{name}'{did_you_mean(name, known)}",
            f"the recipes are: {listing(list(known), most=20)}",
        )
    return known[name]


def _read(name: str, text: str) -> Recipe:
    options = tomllib.loads(text).get("options", {})
    check_options(options)
    return Recipe(name, text, MappingProxyType(options))
