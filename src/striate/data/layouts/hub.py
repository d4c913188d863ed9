"""A data set of the Hugging Face hub, fetched only because it was asked for by `hf:`."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from striate.data.layouts import Reading, parquet
from striate.data.layouts._columns import refuse_links
from striate.data.manifest import Manifest
from striate.errors import DataError, UsageError
from striate.hub import PREFIX, may_reach_hub

# Where the hub keeps every data set as Parquet, whatever its own files are.
CONVERTED = "refs/convert/parquet"
_ADDRESS = re.compile(r"([\w.-]+/[\w.-]+)(?:@([\w./-]+))?")


def recognises(data: str) -> bool:
    """Whether it begins with `hf:`."""
    return data.startswith(PREFIX)


def index(data: str, how: Reading) -> Manifest:
    """The Parquet files of `hf:owner/dataset` or `hf:owner/dataset@revision`.

    Fetched into the cache of huggingface_hub, or taken from there.

    Raises:
        UsageError: not of that form, or it cannot be fetched.
        DataError: it holds no images with labels.
    """
    found = _ADDRESS.fullmatch(data.removeprefix(PREFIX))
    if found is None or ".." in data:
        raise UsageError.of(
            "hub-address",
            f"'{data}' names no data set of the Hugging Face hub",
            "it is written hf:owner/dataset, or hf:owner/dataset@revision",
        )
    refuse_links(how, data, "a data set of the hub")
    repository, revision = found[1], found[2]
    folder = _fetched(repository, revision)
    if revision is None and not parquet.recognises(str(folder)):
        folder = _fetched(repository, CONVERTED)
    if not parquet.recognises(str(folder)):
        raise DataError.of(
            "no-tables",
            f"{data} holds no Parquet files",
            f"fetch it by hand and name the folder: hf download --repo-type dataset {repository}",
        )
    # The files of the cache are links out of the folder of a revision: its own, so followed.
    manifest = parquet.index(str(folder), replace(how, follow_links=True))
    told = f"{data}: revision {folder.name[:12]}, in {folder}"
    return replace(manifest, notices=(told, *manifest.notices))


def _fetched(repository: str, revision: str | None) -> Path:
    """The folder with the Parquet files of a revision."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        return Path(
            snapshot_download(
                repository,
                repo_type="dataset",
                revision=revision,
                allow_patterns=["*.parquet"],
                local_files_only=not may_reach_hub(),
            )
        )
    except LocalEntryNotFoundError as missing:
        raise _offline(repository) from missing
    except RevisionNotFoundError as missing:
        raise _refused(repository, f"no revision {revision or 'main'}") from missing
    except GatedRepoError as refusal:
        raise _refused(repository, "its owner asks for an agreement first") from refusal
    except (RepositoryNotFoundError, HFValidationError) as missing:
        raise _refused(repository, "no such data set, or a private one") from missing
    except (OSError, HfHubHTTPError) as failure:
        raise _offline(repository) from failure


def _refused(repository: str, why: str) -> UsageError:
    return UsageError.of(
        "hub-refuses",
        f"the Hugging Face hub gives no data set {repository}: {why}",
        f"look at its page: https://huggingface.co/datasets/{repository}",
        "a data set that is private or asks for an agreement needs: hf auth login",
    )


def _offline(repository: str) -> UsageError:
    return UsageError.of(
        "no-network",
        f"cannot fetch the data set {repository}: the Hugging Face hub cannot be reached, and its "
        "cache on this machine does not hold it",
        f"on a machine with a network: hf download --repo-type dataset {repository}; "
        "then copy the folder here and name it instead",
    )
