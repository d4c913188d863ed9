"""Settings that go together, each set in a file of its own: the folder is the list."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType

from striate.errors import UsageError, did_you_mean, listing
from striate.files import Json, why_unreadable
from striate.options import check_options


@dataclass(frozen=True, slots=True)
class Recipe:
    """A named set of options, and what was seen of it.

    about: what it is for. command, hardware, time, result: of the runs it was tried in, with their
    number and spread. text: the whole file. options: what it sets.
    """

    name: str
    about: str
    command: str
    hardware: str
    time: str
    result: str
    text: str
    options: Mapping[str, Json]

    def to_json(self) -> dict[str, Json]:
        """Everything but the text, as plain values."""
        words = {key: getattr(self, key) for key in ("name", *WORDS)}
        return {**words, "options": dict(self.options)}


# What a recipe says about itself.
WORDS = ("about", "command", "hardware", "time", "result")


@cache
def recipes() -> Mapping[str, Recipe]:
    """All recipes by name."""
    files = sorted(resources.files(__name__).iterdir(), key=lambda file: file.name)
    return {
        (name := file.name.removesuffix(".toml")): read_recipe(name, file.read_text("utf-8"))
        for file in files
        if file.name.endswith(".toml")
    }


def find_recipe(name: str) -> Recipe:
    """The recipe of a name, or of a file whose name ends in `.toml`.

    Raises:
        UsageError: there is none, or the file is none.
    """
    known = recipes()
    if name in known:
        return known[name]
    if name.endswith(".toml"):
        return _from_file(Path(name))
    raise UsageError.of(
        "unknown-recipe",
        f"there is no recipe '{name}'{did_you_mean(name, known)}",
        f"the recipes are: {listing(list(known), most=20)}; or name a .toml file",
    )


def read_recipe(name: str, text: str) -> Recipe:
    """The recipe that a text states: words about it, then a table `[options]`.

    Raises:
        UsageError: it is no TOML, or has keys or options that are unknown or illegal.
    """
    try:
        stated = tomllib.loads(text)
    except tomllib.TOMLDecodeError as mistake:
        raise _bad(name, str(mistake)) from None
    options = stated.pop("options", None)
    if not isinstance(options, dict):
        raise _bad(name, "it has no table [options]")
    for key, value in stated.items():
        if key not in WORDS:
            raise _bad(name, f"it states '{key}', of which nothing is known")
        if not isinstance(value, str):
            raise _bad(name, f"'{key}' is {value!r}, not a text")
    if "recipe" in options:
        raise _bad(name, "a recipe takes no other recipe")
    try:
        check_options(options)
    except UsageError as mistake:
        raise _bad(name, mistake.diagnostics[0].reason) from mistake
    about = {key: stated.get(key, "") for key in WORDS}
    return Recipe(name=name, text=text, options=MappingProxyType(options), **about)


def _from_file(path: Path) -> Recipe:
    try:
        text = path.read_text("utf-8")
    except (OSError, ValueError) as problem:
        raise UsageError.of(
            "unreadable-file",
            f"cannot read the recipe '{path}': {why_unreadable(problem)}",
            "striate recipes lists those that are there",
        ) from None
    return read_recipe(str(path), text)


def _bad(name: str, what: str) -> UsageError:
    return UsageError.of(
        "bad-recipe",
        f"the recipe '{name}' cannot be used: {what}",
        "striate recipes finetune prints one to begin with; its [options] are those of striate fit",
    )
