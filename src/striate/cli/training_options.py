"""The options of a training as those of a command: made from where they are declared, once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from functools import wraps
from typing import Annotated

import typer

from striate.options import Option, options

Command = Callable[..., int | None]


def taking(names: Collection[str] | None = None) -> Callable[[Command], Command]:
    """Give a command options of a training, in place of its `**options`.

    names: which; all unless given. The command is called with those alone that the user gave.
    """

    def changed(command: Command) -> Command:
        own = inspect.signature(command, eval_str=True)
        added = [option for option in options().values() if names is None or option.name in names]
        parameters = [
            parameter
            for parameter in own.parameters.values()
            if parameter.kind is not inspect.Parameter.VAR_KEYWORD
        ]
        # The command's own options come last in the manual; arguments stay first.
        split = sum(parameter.default is inspect.Parameter.empty for parameter in parameters)
        parameters[split:split] = map(_parameter, added)

        @wraps(command)
        def with_given(**given: object) -> int | None:
            for option in added:
                value = given.pop(option.name)
                if value is not None:
                    given[option.name] = _number(value) if option.words else value
            return command(**given)

        with_given.__signature__ = own.replace(  # type: ignore[attr-defined]
            parameters=[
                parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters
            ]
        )
        with_given.__annotations__ = {one.name: one.annotation for one in parameters}
        return with_given

    return changed


def _parameter(option: Option) -> inspect.Parameter:
    """An option as typer wants to see it; None stands for what is not given."""
    about = option.about
    kind: type = str
    names, value = [option.flag], about.value
    if option.kinds == (bool,):
        names = [f"{option.flag}/--no-{option.flag.removeprefix('--')}"]
        kind = bool
    elif option.words or str in option.kinds:
        value = value or "|".join(option.words) or None
    else:
        (kind,) = option.kinds
    declared = typer.Option(*names, help=about.manual, metavar=value)
    return inspect.Parameter(
        option.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind | None, declared],
    )


def _number(value: object) -> object:
    """A whole number where a text is one."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value
