"""One row per epoch, for people, plots and spreadsheets."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from striate.files import replace_text
from striate.quantities import duration


@dataclass(frozen=True, slots=True)
class EpochRow:
    """What an epoch came to; the validation columns are None without a validation split.

    seconds: of training since the start, validation included. lr: after the last step.
    images_per_s: while training, validation not counted. input_share: of that time, what was spent
    waiting for images, 0..1.
    """

    epoch: int
    seconds: float
    lr: float
    train_loss: float
    val_loss: float | None
    val_accuracy: float | None
    val_macro_f1: float | None
    images_per_s: float
    input_share: float

    def line(self, epochs: int) -> str:
        """The row as a sentence with the time that is left."""
        width = len(str(epochs))
        parts = [f"epoch {self.epoch:{width}}/{epochs}", f"loss {self.train_loss:.4f}"]
        if self.val_accuracy is not None:
            parts.append(f"val accuracy {100 * self.val_accuracy:.2f} %")
        waited = round(100 * self.input_share)
        parts.append(
            f"{self.images_per_s:,.0f} images/s (input {waited} %, model {100 - waited} %)"
        )
        rest = self.seconds / self.epoch * (epochs - self.epoch)
        parts.append(f"{duration(rest)} left" if rest else duration(self.seconds))
        return "  ".join(parts)


class Logbook:
    """The rows so far, kept on disk as CSV; the file is whole at any moment."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[EpochRow] = []

    def add(self, row: EpochRow) -> None:
        """Keep a row."""
        self.rows.append(row)
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(field.name for field in fields(EpochRow))
        writer.writerows(map(_shown, asdict(each).values()) for each in self.rows)
        replace_text(self.path, text.getvalue())


def _shown(value: float | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.6g}"
