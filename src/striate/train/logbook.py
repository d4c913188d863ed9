"""One row per epoch, for people, plots and spreadsheets.

Two files: `log.csv` holds what is the same in every run of the same seed, so that a training that
was interrupted ends with the very log of one that was not; `timing.csv` holds the times.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from striate.errors import UsageError
from striate.files import Json, replace_text
from striate.quantities import duration
from striate.train.folder import BOARD, LOG, TIMING

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


@dataclass(frozen=True, slots=True)
class EpochRow:
    """What an epoch came to; the validation columns are None without a validation split.

    step: steps done since the start. lr: of the last of them. train_accuracy: on the images as they
    were shown, while learning; None where they may have several labels. score: what `best` is
    chosen by.
    """

    epoch: int
    step: int
    lr: float
    train_loss: float
    train_accuracy: float | None = None
    val_loss: float | None = None
    val_accuracy: float | None = None
    val_macro_f1: float | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """How long an epoch took.

    seconds: since the training was asked for, at the end of this epoch. images_per_s: while
    training, validation not counted. input_share: of that time, what was spent waiting for images,
    0..1. validation_s, saving_s: seconds for these in this epoch.
    """

    epoch: int
    seconds: float
    images_per_s: float
    input_share: float
    validation_s: float
    saving_s: float


def epoch_line(row: EpochRow, timing: Timing, *, epochs: int | None, left_s: float) -> str:
    """The row as a sentence with the time that is left; epochs: None where time is the limit."""
    whole = f"{row.epoch:{len(str(epochs))}}/{epochs}" if epochs else str(row.epoch)
    parts = [f"epoch {whole}", f"loss {row.train_loss:.4f}"]
    if row.val_accuracy is not None:
        parts.append(f"val accuracy {100 * row.val_accuracy:.2f} %")
    waited = round(100 * timing.input_share)
    rate = timing.images_per_s
    parts.append(f"{rate:,.0f} images/s (input {waited} %, model {100 - waited} %)")
    is_last = left_s < 0.5 or row.epoch == epochs
    parts.append(duration(timing.seconds) if is_last else f"{duration(left_s)} left")
    return "  ".join(parts)


class Logbook:
    """The rows so far; `write` brings the files up to date, which are whole at any moment.

    board: where TensorBoard's events go as well, if they are wanted.
    """

    def __init__(self, folder: Path, board: Board | None = None) -> None:
        self.folder = folder
        self.board = board
        self.rows: list[EpochRow] = []
        self.timings: list[Timing] = []

    def add(self, row: EpochRow, timing: Timing) -> None:
        """Keep a row."""
        self.rows.append(row)
        self.timings.append(timing)
        if self.board is not None:
            self.board.add(row, timing)

    def write(self) -> None:
        """Put all rows on disk."""
        replace_text(self.folder / LOG, _csv(EpochRow, self.rows))
        replace_text(self.folder / TIMING, _csv(Timing, self.timings))

    def to_json(self) -> dict[str, Json]:
        """All rows as plain values, exactly."""
        return {
            "rows": [asdict(row) for row in self.rows],
            "timings": [asdict(timing) for timing in self.timings],
        }

    def restore(self, values: Mapping[str, Json]) -> None:
        """Have the rows that `to_json` gave, and no others."""
        rows, timings = values["rows"], values["timings"]
        assert isinstance(rows, list)
        assert isinstance(timings, list)
        self.rows = [EpochRow(**row) for row in rows]  # type: ignore[arg-type]
        self.timings = [Timing(**timing) for timing in timings]  # type: ignore[arg-type]


class Board:
    """Events for TensorBoard, in the run's folder `tensorboard`.

    Raises:
        UsageError: the package is missing.
    """

    def __init__(self, run: Path, *, epoch: int = 0) -> None:
        check_tensorboard()
        from torch.utils.tensorboard import SummaryWriter

        # Events of later epochs, from before an interruption, are not shown any more.
        self._writer: SummaryWriter = SummaryWriter(str(run / BOARD), purge_step=epoch + 1)

    def add(self, row: EpochRow, timing: Timing) -> None:
        """Show an epoch."""
        values = asdict(row) | {"images_per_s": timing.images_per_s}
        for name, value in values.items():
            if value is not None and name not in ("epoch", "step"):
                self._writer.add_scalar(_tag(name), value, row.epoch)
        self._writer.flush()

    def close(self) -> None:
        """Leave all on disk."""
        self._writer.close()


def check_tensorboard() -> None:
    """Refuse what needs TensorBoard where it is not installed.

    Raises:
        UsageError: with how to get it.
    """
    try:
        import tensorboard as _  # noqa: F401
    except ModuleNotFoundError as missing:
        raise UsageError.of(
            "tensorboard-missing",
            "--tensorboard is given, but the package tensorboard is not installed",
            "pip install tensorboard, or leave the option out: log.csv holds the same numbers",
        ) from missing


def _tag(name: str) -> str:
    """`train_loss` as `loss/train`, so that both losses share a chart."""
    split, _, rest = name.partition("_")
    return f"{rest}/{split}" if split in ("train", "val") else name


def _csv(kind: type[EpochRow] | type[Timing], rows: Sequence[EpochRow | Timing]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(kind))
    writer.writerows(map(_shown, asdict(row).values()) for row in rows)
    return text.getvalue()


def _shown(value: float | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.6g}"
