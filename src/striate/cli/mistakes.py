"""What typer objects to, in the words and the layout of all other errors."""

from __future__ import annotations

import re
from collections.abc import Sequence

from striate.errors import StriateError, UsageError, did_you_mean

NOT_A_NUMBER = re.compile(r"'(?P<found>.*)' is not a valid (?P<kind>int|float)( range)?", re.DOTALL)

OUT_OF_RANGE = re.compile(
    r"(?P<found>\S+) is not in the range (?:(?P<lowest>\S+?)<=)?x(?P<sign>[<>]=)?(?P<end>\S+)?"
)


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
    message = str(getattr(mistake, "message", "")).rstrip(".")
    option = _option(mistake)
    if option and (unfit := NOT_A_NUMBER.fullmatch(message)):
        wanted = "a whole number" if unfit["kind"] == "int" else "a number"
        return f"{option} takes {wanted}, found '{unfit['found']}'"
    if option and (outside := OUT_OF_RANGE.fullmatch(message)):
        return f"{option} takes {_range(outside)}, found {outside['found']}"
    if option and message:
        return f"{option}: {message}"
    text = str(getattr(mistake, "format_message", mistake.__str__)())
    text = " ".join(text.split()).rstrip(".")
    return text[:1].lower() + text[1:]


def _range(outside: re.Match[str]) -> str:
    """`a number from 0 to 1`, `a number of 1 or more`."""
    lowest, sign, end = outside["lowest"], outside["sign"], outside["end"]
    if lowest is not None:
        return f"a number from {lowest} to {end}"
    return f"a number of {end} or {'more' if sign == '>=' else 'less'}"


def _option(mistake: Exception) -> str:
    """The longest spelling of the option that is guilty; empty where it is an argument."""
    names = [
        name for name in getattr(getattr(mistake, "param", None), "opts", ()) if name[:1] == "-"
    ]
    return max(names, key=len, default="")
