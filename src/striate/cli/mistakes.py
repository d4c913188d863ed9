"""What typer objects to, in the words and the layout of all other errors."""

from __future__ import annotations

from collections.abc import Sequence

from striate.errors import StriateError, UsageError, did_you_mean

WANTED = {
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "bool_parsing": "yes or no",
}


def explained(verb: str, mistake: Exception, options: Sequence[str]) -> StriateError:
    """The error for arguments that a command cannot take.

    `options` are the names of the command's options and arguments, for suggestions.
    """
    help_ = f"striate {verb} --help lists what it takes"
    if type(mistake).__name__ == "NoSuchOption":
        option = str(getattr(mistake, "option_name", ""))
        reason = f"striate {verb} has no option '{option}'{did_you_mean(option, options)}"
        return UsageError.of("unknown-option", reason, help_)
    return UsageError.of("bad-arguments", f"striate {verb}: {_reason(mistake)}", help_)


def _reason(mistake: Exception) -> str:
    """Which argument, what was expected, and what was found instead."""
    where = _parameter(mistake)
    problems: list[dict[str, object]] = getattr(mistake.__cause__, "errors", list)()
    if where and problems:
        problem = problems[0]
        found = f"found '{problem['input']}'"
        if wanted := WANTED.get(str(problem["type"])):
            return f"{where} takes {wanted}, {found}"
        message = str(problem["msg"]).rstrip(".")
        if problem["type"] == "value_error":  # names what was found by itself
            return f"{where}: {message.removeprefix('Value error, ')}"
        return f"{where} {message.removeprefix('Input ')}, {found}"
    text = str(getattr(mistake, "format_message", mistake.__str__)())
    text = " ".join(text.split()).rstrip(".")
    return text[:1].lower() + text[1:]


def _parameter(mistake: Exception) -> str:
    parameter = getattr(mistake, "param", None)
    if parameter is None:
        return ""
    options = [name for name in parameter.opts if name.startswith("-")]
    return max(options, key=len) if options else str(parameter.display_name_raw)
