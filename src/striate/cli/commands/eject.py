"""Write a network as plain PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pathlib import Path


def eject(
    net: Annotated[
        str,
        typer.Argument(
            metavar="NET", help="A zoo name (resnet50), a text of the notation, or a .cnn file."
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="model.py. [default: print the source]"
        ),
    ] = None,
    input_: Annotated[
        str | None,
        typer.Option(
            "--input", metavar="SIZES", help="Sizes of the input, as 3x224x224; ? leaves one open."
        ),
    ] = None,
    classes: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Number of classes.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over what is there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead.")] = False,
) -> None:
    """Write a network as plain PyTorch.

    The file needs nothing but torch, and is yours to edit: one class for all blocks that differ
    only in numbers, the published names of weights, so that `load_state_dict` takes those of
    `striate` and of the library the network is known from. A file that is there is kept unless
    --force is given.
    """
    from striate.cli.commands._sizes import sizes
    from striate.networks import network

    made = network(net, input=sizes(input_), classes=classes)
    source = made.source()
    file = None if output is None else _written(output, source, force=force)
    if json:
        _print_json(made.name, source, file, made.params)
    elif file is None:
        print(source, end="")
    else:
        lines = source.count("\n")
        print(f"wrote {file}: {lines} lines, {_model(source)}")


def _model(source: str) -> str:
    """The line of the file's docstring that makes the network."""
    return next(line.strip() for line in source.splitlines() if line.startswith("    model = "))


def _print_json(name: str, source: str, file: Path | None, params: int) -> None:
    from json import dumps

    record = {
        "name": name,
        "class": _model(source).removeprefix("model = ").removesuffix("()"),
        "lines": source.count("\n"),
        "params": params,
        "file": None if file is None else str(file),
    }
    print(dumps(record if file else record | {"source": source}, indent=2))


def _written(output: str, source: str, *, force: bool) -> Path:
    """Writes the file at once or not at all."""
    from pathlib import Path

    from striate.errors import UsageError
    from striate.files import replace_text

    file = Path(output)
    if file.exists() and not force:
        raise UsageError.of(
            "file-exists",
            f"'{file}' is there already and may hold work of yours",
            "give another name, or --force to write over it",
        )
    try:
        replace_text(file, source)
    except OSError as problem:
        raise UsageError.of(
            "source-unwritable",
            f"cannot write '{file}': {problem.strerror}",
            "give the name of a file in a folder that exists and may be written to",
        ) from None
    return file
