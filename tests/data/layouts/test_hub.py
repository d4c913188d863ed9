"""Data sets of the Hugging Face hub are fetched when asked for by name; nothing else is."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import NoReturn

import huggingface_hub
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError

from striate.data import contents, index
from striate.errors import DataError, UsageError
from tests.data.pictures import noise, png, table

Wanted = tuple[str, str | None]


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Wanted]:
    """A hub with one data set; gives the list of what was fetched.

    As in the cache of huggingface_hub, the files of a revision are links to the content.
    """
    fetched: list[Wanted] = []
    blob = table(tmp_path / "blobs" / "f00d", [0, 1, 1])
    (tmp_path / "main").mkdir()
    (tmp_path / "v1" / "data").mkdir(parents=True)
    (tmp_path / "v1" / "data" / "test-00000-of-00001.parquet").symlink_to(blob)
    (tmp_path / "refs/convert/parquet/default/train").mkdir(parents=True)
    (tmp_path / "refs/convert/parquet/default/train/0000.parquet").symlink_to(blob)

    def download(name: str, *, repo_type: str, revision: str | None, **_: object) -> str:
        assert repo_type == "dataset"
        fetched.append((name, revision))
        return str(tmp_path / (revision or "main"))

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: [])
    return fetched


def test_a_revision_is_fetched_and_read(hub: list[Wanted]) -> None:
    found = index("hf:owner/photos@v1")
    assert hub == [("owner/photos", "v1")]
    assert found.only("test").labels.tolist() == [0, 1, 1]
    assert contents(found)(2) == png(noise(2))
    assert found.notices[0].startswith("hf:owner/photos@v1: revision v1, in ")


def test_what_is_no_parquet_is_read_as_the_hub_has_converted_it(hub: list[Wanted]) -> None:
    found = index("hf:owner/photos")
    assert hub == [("owner/photos", None), ("owner/photos", "refs/convert/parquet")]
    assert set(found.splits) == {"train"}


def test_a_revision_without_tables_is_an_error(hub: list[Wanted]) -> None:
    with pytest.raises(DataError, match=r"hf:owner/photos@main holds no Parquet files"):
        index("hf:owner/photos@main")


@pytest.mark.parametrize("data", ["hf:photos", "hf:owner/../x", "hf:a/b/c", "hf:a/b@", "hf:"])
def test_an_address_of_another_form_is_an_error(data: str) -> None:
    with pytest.raises(UsageError, match=r"names no data set of the Hugging Face hub"):
        index(data)


def test_without_a_network_one_message_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object) -> NoReturn:
        raise OSError("no network")

    def missing(*_: object, local_files_only: bool, **__: object) -> NoReturn:
        assert local_files_only
        raise LocalEntryNotFoundError("not in the cache")

    monkeypatch.setattr(socket, "getaddrinfo", unreachable)
    monkeypatch.setattr("striate.hub.getproxies", dict)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", missing)
    with pytest.raises(UsageError) as caught:
        index("hf:owner/photos")
    assert str(caught.value) == (
        "error: cannot fetch the data set owner/photos: the Hugging Face hub cannot be reached, "
        "and its cache on this machine does not hold it  [no-network]\n"
        "   = help: on a machine with a network: hf download --repo-type dataset owner/photos; "
        "then copy the folder here and name it instead"
    )
