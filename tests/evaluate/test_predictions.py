"""What a network said about each image, on disk and back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from striate.errors import DataError
from striate.evaluate import Answers, assess, load_predictions
from striate.evaluate.predictions import Predictions
from tests.evaluate.made_up import circumstances, several, single

# With a comma, a newline, a slash, tags, a script of other letters, and one like another's column.
NAMES = ("a, b", "c\nd", "e/f <i>", "Größe", "p_a, b")


def predictions(said: Answers) -> Predictions:
    return assess(said, NAMES, circumstances(len(said)))[1]


@pytest.mark.parametrize("said", [single(20, 5), several(20, 5)])
def test_everything_is_read_back(said: Answers, tmp_path: Path) -> None:
    written = replace(predictions(said), content_hashes=(b"0123456789abcdef", *[None] * 19))
    written.save(tmp_path / "said.parquet")
    found = load_predictions(tmp_path / "said.parquet")
    assert found.classes == NAMES
    assert found.paths == written.paths
    assert found.content_hashes == written.content_hashes
    assert found.facts == written.facts
    for name in ("truth", "predicted", "probabilities", "ranks", "places"):
        np.testing.assert_array_equal(getattr(found, name), getattr(written, name))
    for name in ("losses", "confidences", "energies"):
        np.testing.assert_allclose(getattr(found, name), getattr(written, name), rtol=1e-6)


def test_the_columns_are_those_that_others_expect(tmp_path: Path) -> None:
    said = single(20, 5)
    predictions(said).save(tmp_path / "said.parquet")
    table = pq.read_table(tmp_path / "said.parquet")
    logits = said.logits.astype(np.float64)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    for k, name in enumerate(NAMES):
        np.testing.assert_allclose(table[f"p_{name}"], expected[:, k], rtol=1e-5)
    assert table["truth"].to_pylist() == [NAMES[label] for label in said.labels]
    assert table["predicted"].to_pylist() == [NAMES[k] for k in logits.argmax(axis=1)]
    of_truth = expected[np.arange(20), said.labels]
    np.testing.assert_allclose(table["loss"], -np.log(of_truth), rtol=1e-5)
    better = (expected > of_truth[:, None]).sum(axis=1)
    assert table["rank"].to_pylist() == (better + 1).tolist()
    assert not list(tmp_path.glob(".*"))


def test_several_labels_are_lists_of_names(tmp_path: Path) -> None:
    said = several(20, 5)
    predictions(said).save(tmp_path / "said.parquet")
    truth = pq.read_table(tmp_path / "said.parquet")["truth"].to_pylist()
    assert truth == [[NAMES[k] for k in np.flatnonzero(row)] for row in said.labels]


def test_what_is_no_file_of_predictions_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.parquet").write_text("oops")
    pq.write_table(pa.table({"path": ["a"]}), tmp_path / "other.parquet")
    with pytest.raises(DataError, match="no-predictions"):
        load_predictions(tmp_path / "nowhere.parquet")
    for name in ("text.parquet", "other.parquet"):
        with pytest.raises(DataError, match="holds no predictions"):
            load_predictions(tmp_path / name)


def test_a_file_that_lacks_a_column_is_told(tmp_path: Path) -> None:
    file = tmp_path / "said.parquet"
    predictions(single(20, 5)).save(file)
    table = pq.read_table(file)
    pq.write_table(table.drop_columns(["p_Größe"]), file)
    with pytest.raises(DataError, match="holds no predictions"):
        load_predictions(file)
