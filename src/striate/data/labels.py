"""What images are labelled with, as the numbers that a loss takes."""

from __future__ import annotations

import numpy as np

from striate.data.manifest import Manifest


class Labels:
    """The labels of all images of a manifest, to be asked for by places.

    is_multilabel: whether images may have several labels, or none; None: as the manifest says.

    Raises:
        DataError: some image has several labels, or none, and `is_multilabel` is false.
    """

    def __init__(self, manifest: Manifest, *, is_multilabel: bool | None = None) -> None:
        self.is_multilabel = manifest.is_multilabel if is_multilabel is None else is_multilabel
        self._classes = len(manifest.classes)
        if not self.is_multilabel:
            self._values = manifest.labels.astype(np.int64)
            return
        self._values, counts = manifest.label_values()
        self._ends = np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))

    def __getitem__(self, places: np.ndarray) -> np.ndarray:
        """Labels of the images at `places`, N: int64, N.

        Where they may have several: 1 for each class that an image has, else 0: float32, N×K.
        """
        if not self.is_multilabel:
            labels: np.ndarray = self._values[places]
            return labels
        first, counts = self._ends[places], self._ends[places + 1] - self._ends[places]
        rows = np.repeat(np.arange(len(places)), counts)
        # Each place counted from the first of its image.
        inner = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        hot = np.zeros((len(places), self._classes), np.float32)
        hot[rows, self._values[first[rows] + inner]] = 1
        return hot
