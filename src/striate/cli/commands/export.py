"""Write a network as an ONNX model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from striate.cli.commands._arguments import SOURCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

    from striate.data import Preprocessing
    from striate.deploy.export import Exported
    from striate.networks import Network

FURTHEST = 1e-4
"""From torch's outputs, as a share of the largest; more than rounding is a mistake of ours."""


def export(
    net: Annotated[
        str,
        typer.Argument(
            metavar="NET",
            help="A zoo name (resnet50), a text, a .cnn file, or a run folder of striate fit.",
        ),
    ],
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="model.onnx")],
    input_: Annotated[
        str | None,
        typer.Option(
            "--input", metavar="SIZES", help="Sizes of the input, as 3x224x224; ? leaves one open."
        ),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(
            metavar="N|FILE", help="Number of classes, or a text file with a name on each line."
        ),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(metavar="SOURCE", help=SOURCE + "[default: best; of a network random ones]"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> int:
    """Write a network as an ONNX model.

    One file for batches of any size, in float32. The class names, the preprocessing record and the
    temperature of a run go into its metadata, and beside it a short Python file that prepares
    images by that record, with numpy and pillow alone. The model is checked, run by onnxruntime on
    random input and compared with the network in torch; the largest difference is told. Exit code 1
    if it is above 0.0001.
    """
    from striate.cli.commands._threads import yield_while_waiting

    yield_while_waiting()

    from striate.deploy.export import export_onnx

    chosen = _chosen(net, input_, classes, weights)
    done = export_onnx(
        chosen.network,
        chosen.module,
        output,
        classes=chosen.classes,
        preprocessing=chosen.preprocessing,
        temperature=chosen.temperature,
    )
    if json:
        _print_json(chosen, done)
    else:
        _print(chosen, done)
    return 0 if done.difference <= FURTHEST else 1


class _Chosen(NamedTuple):
    network: Network
    module: nn.Module
    weights: str
    classes: Sequence[str] | None
    preprocessing: Preprocessing | None
    temperature: float | None = None


def _chosen(net: str, input_: str | None, classes: str | None, weights: str | None) -> _Chosen:
    from pathlib import Path

    from striate.cli.commands._sizes import sizes
    from striate.errors import UsageError
    from striate.networks import network

    # No network is called `runs/photos-1`: it is a folder, there or not.
    if Path(net).is_dir() or ("/" in net and not {"(", " "} & set(net) and ".cnn" not in net):
        if input_ or classes:
            raise UsageError.of(
                "fixed-by-run",
                f"--{'input' if input_ else 'classes'} has no meaning for the run {net}",
                "its network takes images and has classes as it was trained with: leave it out",
            )
        return _of_run(net, weights or "best")
    names = None if classes is None or classes.isdecimal() else _names(classes)
    number = None if classes is None else len(names) if names is not None else int(classes[:9])
    made = network(net, input=sizes(input_), classes=number)
    module = made.module(weights=weights)
    loaded = module.loaded
    return _Chosen(
        made,
        module,
        loaded.origin if loaded else "random weights",
        names or (loaded.classes if loaded else None),
        loaded.preprocessing if loaded else None,
    )


def _of_run(folder: str, weights: str) -> _Chosen:
    from striate.deploy import load

    bundle = load(folder, weights)
    module = bundle.module()
    known = bundle.calibration
    temperature = None if known is None else known.temperature
    return _Chosen(
        bundle.network, module, weights, bundle.classes, bundle.preprocessing, temperature
    )


def _names(file: str) -> list[str]:
    from pathlib import Path

    from striate.errors import UsageError
    from striate.files import why_unreadable

    advice = "--classes takes a number, or a text file with the name of a class on each line"
    try:
        found = Path(file).read_text("utf-8").splitlines()
    except (OSError, ValueError) as problem:
        raise UsageError.of(
            "classes-unreadable",
            f"cannot read the class names in '{file}': {why_unreadable(problem)}",
            advice,
        ) from None
    names = [line.strip() for line in found if line.strip()]
    if not names:
        raise UsageError.of("classes-unreadable", f"'{file}' holds no class names", advice)
    return names


def _print(chosen: _Chosen, done: Exported) -> None:
    from striate.quantities import byte_size

    for file in done.files:
        print(f"wrote {file}, {byte_size(file.stat().st_size)}")
    if done.reference:
        print(f"wrote {done.reference}: prepares images for it, with numpy and pillow alone")
    known = [f"{len(chosen.classes)} class names"] if chosen.classes else []
    known += ["how images are prepared"] if chosen.preprocessing else []
    known += ["the temperature"] if chosen.temperature is not None else []
    print(f"  network     {chosen.network.name}, {chosen.weights}")
    for word, values in (("input", done.inputs), ("output", done.outputs)):
        for name, axes in values.items():
            print(f"  {word:10}  {name}: {_axes(axes)}")
    print(f"  opset       {done.opset}")
    print(f"  metadata    {', '.join(known) or 'none'}")
    print(f"  difference  {done.difference:.1e} of the largest output, onnxruntime beside torch")


def _axes(sizes: Sequence[int | str | None]) -> str:
    return "x".join("?" if size is None else str(size) for size in sizes)


def _print_json(chosen: _Chosen, done: Exported) -> None:
    from json import dumps

    record = {
        "network": chosen.network.name,
        "weights": chosen.weights,
        "files": [str(file) for file in done.files],
        "bytes": done.size_bytes,
        "reference": str(done.reference) if done.reference else None,
        "opset": done.opset,
        "inputs": {name: list(axes) for name, axes in done.inputs.items()},
        "outputs": {name: list(axes) for name, axes in done.outputs.items()},
        "classes": list(chosen.classes) if chosen.classes else None,
        "preprocessing": chosen.preprocessing.to_json() if chosen.preprocessing else None,
        "temperature": chosen.temperature,
        "difference": done.difference,
    }
    print(dumps(record))
