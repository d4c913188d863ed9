"""The frame around all commands: which one is meant, and what becomes of its mistakes.

Exit codes: 0 done, 1 done and the answer is no, 2 the user's mistake, 130 interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from itertools import zip_longest
from types import FrameType

from striate import __version__
from striate.cli import commands
from striate.cli.mistakes import explained
from striate.discovery import public_names
from striate.errors import StriateError, UsageError, did_you_mean, listing
from striate.files import is_disk_full

PURPOSE = "A convolutional network is a text: see it, train it on your images, use it."

INTERRUPTED = 130  # what a shell reports for a program ended by Ctrl-C: 128 + SIGINT


def main() -> None:
    """Run the command line of this process and leave with its exit code."""
    presses = list[int]()

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        presses.append(number)
        signal.default_int_handler(number, frame)

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is to be ignored
        signal.signal(signal.SIGINT, on_interrupt)
    try:
        code = run(sys.argv[1:])
    except Exception:
        # A library whose import Ctrl-C cut short may swallow that, and fail by something else.
        if not presses:
            raise
        print("interrupted", file=sys.stderr)
        code = INTERRUPTED
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Exit code of a command line; what the user did wrong is told on stderr."""
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
        return code
    except StriateError as mistake:
        print(mistake, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (`| head`) has seen enough. Python would flush stdout once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as problem:
        if not is_disk_full(problem):
            raise
        print(_no_room(problem), file=sys.stderr)
        return 2


def _no_room(problem: OSError) -> StriateError:
    what = f"'{problem.filename}'" if problem.filename else "what this command writes"
    return UsageError.of(
        "disk-full",
        f"the disk is full: there is no room for {what}",
        "make room, or write to another disk, and give the command again",
    )


def _dispatch(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0] in ("--help", "-h"):
        print(overview())
        return 0
    first, rest = arguments[0], arguments[1:]
    if first == "--version":
        print(f"striate {__version__}")
        return 0
    if first.startswith("-"):
        raise UsageError.of(
            "unknown-option",
            f"striate has no option '{first}' before the command",
            "the command comes first: striate COMMAND [ARGUMENTS] [OPTIONS]",
            "striate --help lists the commands",
        )
    known = _names()
    if first not in known:
        raise UsageError.of(
            "unknown-command",
            f"striate has no command '{first}'{did_you_mean(first, known)}",
            f"the commands are: {listing(known, most=30)}",
        )
    return _call(first, rest)


def overview() -> str:
    """The text of `striate --help`; made without importing any command."""
    names = _names()
    width = max(map(len, names), default=0)
    return "\n".join(
        [
            "Usage: striate COMMAND [ARGUMENTS] [OPTIONS]",
            "",
            f"  {PURPOSE}",
            "",
            "Commands:",
            *(f"  {name:{width}}  {summary(name)}" for name in names),
            "",
            "striate COMMAND --help tells what a command takes, striate --version the version.",
        ]
    )


def _names() -> list[str]:
    """Names of the commands as they are typed: `show-batch` is in `show_batch.py`."""
    return [name.replace("_", "-") for name in public_names(commands)]


def summary(name: str) -> str:
    """First line of a command's docstring, read from the text of its file without running it."""
    spec = find_spec(f"{commands.__name__}.{name.replace('-', '_')}")
    source = getattr(spec.loader, "get_source", None) if spec else None
    text = source(spec.name) if spec and source else None
    return text.split('"""', 2)[1].strip().splitlines()[0] if text and '"""' in text else ""


def command(name: str) -> Callable[..., int | None]:
    """The function behind a command; imports its file and no other command's."""
    name = name.replace("-", "_")
    module = import_module(f"{commands.__name__}.{name}")
    function = getattr(module, name, None) or getattr(module, f"{name}_", None)
    assert callable(function), f"{module.__file__} holds no function {name} or {name}_"
    return function  # type: ignore[no-any-return]


def with_values(arguments: Sequence[str], alone: Sequence[str]) -> list[str]:
    """The arguments with a value for options that may stand alone: their own name.

    >>> with_values(["photos", "--pretrained", "--lr", "1"], ["--pretrained"])
    ['photos', '--pretrained', 'pretrained', '--lr', '1']
    """
    given = list[str]()
    for argument, after in zip_longest(arguments, arguments[1:], fillvalue="-"):
        given.append(argument)
        if argument in alone and after.startswith("-"):
            given.append(argument.lstrip("-"))
    return given


def _call(name: str, arguments: Sequence[str]) -> int:
    """Parse the arguments of one command and run it."""
    import typer
    from typer.main import get_command

    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    settings = {"help_option_names": ["-h", "--help"]}
    app.command(name, context_settings=settings)(command(name))
    parser = get_command(app)
    for parameter in parser.params:
        if parameter.param_type_name == "argument" and parameter.metavar is None:
            parameter.metavar = (parameter.name or "").upper()  # DATA, as the manual says
    alone = [
        option
        for parameter in parser.params
        for option in parameter.opts
        if (parameter.metavar or "").startswith("[") and option.startswith("-")
    ]
    try:
        with parser.make_context(f"striate {name}", with_values(arguments, alone)) as context:
            code = parser.invoke(context)
    except typer.Exit as done:  # --help
        return done.exit_code
    except typer.TyperException as mistake:
        known = [option for parameter in parser.params for option in parameter.opts]
        raise explained(name, mistake, known) from mistake
    return code if isinstance(code, int) else 0
