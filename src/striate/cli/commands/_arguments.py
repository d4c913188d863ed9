"""What several commands are given alike: declared once."""

from __future__ import annotations

from typing import Annotated

import typer

SOURCE = (
    "Of a run: best or last. Of a network: a .safetensors, .pt or .pth file, hf:owner/name, or "
    "pretrained. "
)

Model = Annotated[
    str,
    typer.Argument(
        metavar="RUN|NET",
        help="Run folder that striate fit made, or a published network: efficientnet_lite0.",
    ),
]
Weights = Annotated[
    str | None,
    typer.Option(
        metavar="SOURCE", help=SOURCE + "[default: best; of a network those installed here]"
    ),
]
