"""List the recipes of trainings, or print one."""

from __future__ import annotations

from typing import Annotated

import typer


def recipes(
    name: Annotated[
        str | None,
        typer.Argument(help="A recipe, to be printed whole; or a .toml file, to be checked."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List the recipes of trainings, or print one.

    A recipe is a set of options of fit that go together, with what was seen of it: the command, the
    hardware, the time, and the result with its spread. `striate fit --recipe NAME` uses it; options
    of your own come first. A printed recipe, changed and saved as a .toml file, is a recipe too.
    """
    from json import dumps

    from striate.train.recipes import find_recipe
    from striate.train.recipes import recipes as known

    found = [find_recipe(name)] if name else list(known().values())
    if json:
        told = [one.to_json() for one in found]
        print(dumps(told[0] if name else told))
    elif name:
        print(found[0].text.rstrip())
    else:
        width = max(len(one.name) for one in found)
        for one in found:
            print(f"{one.name:<{width}}  {one.about}")
