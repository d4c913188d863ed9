"""What a network said about each image, as a table on disk."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from striate.errors import DataError
from striate.files import Json, replace_file

VERSION = 1
PREFIX = "p_"


@dataclass(frozen=True)
class Predictions:
    """What a network said about each image, in the order of the manifest.

    paths: of the images, in full, as `Manifest.full_name` has them. places: in the manifest, int64.
    truth, predicted: places in the class list, int64, N; where images have several labels, 1 for
        each of them and else 0: float32, N×K.
    probabilities: as the network gives them, before temperature scaling: float32, N×K.
    losses: -log(probability of the truth); with several labels the mean over classes. float64, N.
    ranks: of the truth among the classes by probability, from 1; with several labels that of the
        least probable true one, 0 where there is none. int64, N.
    confidences: probability of the predicted class after temperature scaling; with several labels
        that of the least sure decision. float64, N.
    energies: the higher, the less the image is like those of the training; float64, N.
    content_hashes: of the images, None where they are not known.
    facts: what made them: run, weights, data, split, temperature.
    """

    classes: tuple[str, ...]
    paths: tuple[str, ...]
    places: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray
    losses: np.ndarray
    ranks: np.ndarray
    confidences: np.ndarray
    energies: np.ndarray
    content_hashes: tuple[bytes | None, ...]
    facts: dict[str, Json]

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def is_multilabel(self) -> bool:
        """Whether images may have several labels, or none."""
        return self.truth.ndim == 2

    @property
    def is_right(self) -> np.ndarray:
        """Whether each image was predicted rightly, all labels of it: bool, N."""
        hits = self.truth == self.predicted
        return np.asarray(hits.all(axis=1) if self.is_multilabel else hits)

    def save(self, path: Path) -> None:
        """Write as a Parquet file, in one step."""
        columns: dict[str, pa.Array] = {
            "path": pa.array(self.paths, pa.string()),
            "truth": self._named(self.truth),
            "predicted": self._named(self.predicted),
            "confidence": pa.array(self.confidences.astype(np.float32)),
            "loss": pa.array(self.losses.astype(np.float32)),
            "rank": pa.array(self.ranks.astype(np.int32)),
            "energy": pa.array(self.energies.astype(np.float32)),
            "place": pa.array(self.places.astype(np.int64)),
            "content_hash": pa.array(self.content_hashes, pa.binary(16)),
        }
        for index, name in enumerate(self.classes):
            values = np.ascontiguousarray(self.probabilities[:, index], np.float32)
            columns[f"{PREFIX}{name}"] = pa.array(values)
        head = {"version": VERSION, "classes": list(self.classes), "facts": self.facts}
        table = pa.table(columns).replace_schema_metadata({"striate": json.dumps(head)})
        replace_file(path, lambda temporary: pq.write_table(table, temporary, compression="zstd"))

    def _named(self, labels: np.ndarray) -> pa.Array:
        names = np.asarray(self.classes, dtype=object)
        if not self.is_multilabel:
            return pa.array(names[labels], pa.string())
        return pa.array([list(names[row > 0]) for row in labels], pa.list_(pa.string()))


def load_predictions(path: Path) -> Predictions:
    """Read what `Predictions.save` wrote.

    Raises:
        DataError: there is no such file, or it is not one of these.
    """
    try:
        table = pq.read_table(path)
    except FileNotFoundError as missing:
        raise DataError.of("no-predictions", f"there is no file {path}", _MADE_BY) from missing
    except (OSError, pa.ArrowException) as damage:
        raise _none(path, " ".join(str(damage).split())[:120]) from damage
    head = _head(table)
    if head is None:
        raise _none(path, "it is not from striate eval")
    if head.get("version") != VERSION:
        raise _none(path, f"it is of version {head.get('version')!r}, this striate reads {VERSION}")
    try:
        return _predictions(table, head)
    except (KeyError, ValueError, TypeError, AttributeError) as damage:
        raise _none(path, f"{type(damage).__name__}: {damage}") from damage


def _predictions(table: pa.Table, head: dict[str, Json]) -> Predictions:
    names, facts = head["classes"], head["facts"]
    if not isinstance(names, list) or not isinstance(facts, dict):
        raise TypeError("classes or facts are not what they should be")
    classes = tuple(map(str, names))
    probabilities = [table[f"{PREFIX}{name}"].to_numpy() for name in classes]
    return Predictions(
        classes=classes,
        paths=tuple(table["path"].to_pylist()),
        places=table["place"].to_numpy(),
        truth=_labels(table["truth"], classes),
        predicted=_labels(table["predicted"], classes),
        probabilities=np.stack(probabilities, axis=1),
        losses=table["loss"].to_numpy().astype(np.float64),
        ranks=table["rank"].to_numpy().astype(np.int64),
        confidences=table["confidence"].to_numpy().astype(np.float64),
        energies=table["energy"].to_numpy().astype(np.float64),
        content_hashes=tuple(table["content_hash"].to_pylist()),
        facts=facts,
    )


def _labels(column: pa.ChunkedArray, classes: tuple[str, ...]) -> np.ndarray:
    """Names as places in the class list; lists of names as N×K of 0 and 1."""
    place = {name: index for index, name in enumerate(classes)}
    if not pa.types.is_list(column.type):
        return np.asarray([place[name] for name in column.to_pylist()], np.int64)
    hot = np.zeros((len(column), len(classes)), np.float32)
    for row, names in enumerate(column.to_pylist()):
        hot[row, [place[name] for name in names]] = 1
    return hot


def _head(table: pa.Table) -> dict[str, Json] | None:
    text = (table.schema.metadata or {}).get(b"striate")
    try:
        head = json.loads(text) if text else None
    except ValueError:
        return None
    return head if isinstance(head, dict) else None


_MADE_BY = "predictions are made by: striate eval RUN"


def _none(path: Path, why: str) -> DataError:
    return DataError.of("not-predictions", f"{path} holds no predictions: {why}", _MADE_BY)
