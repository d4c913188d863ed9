"""Files from the Hugging Face hub: from its cache on this machine, else over the network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from striate.errors import StriateError, UsageError
from striate.hub import PREFIX, may_reach_hub

DEFAULT_FILE = "model.safetensors"
_ADDRESS = re.compile(r"([\w.-]+/[\w.-]+)(?:/([\w./-]+))?")


class Address(NamedTuple):
    """A repository and a file in it."""

    repository: str
    file: str

    def __str__(self) -> str:
        shown = "" if self.file == DEFAULT_FILE else f"/{self.file}"
        return f"{PREFIX}{self.repository}{shown}"


def address(text: str) -> Address:
    """What `hf:owner/name` or `hf:owner/name/file` names.

    Raises:
        UsageError: it is not of that form.
    """
    found = _ADDRESS.fullmatch(text.removeprefix(PREFIX))
    if found is None or ".." in text:
        raise UsageError.of(
            "hub-address",
            f"'{text}' names no repository of the Hugging Face hub",
            "it is written hf:owner/name, or hf:owner/name/file.safetensors",
        )
    return Address(found[1], found[2] or DEFAULT_FILE)


def fetched(wanted: Address) -> Path:
    """The file on this machine.

    Raises:
        UsageError: no network, no such repository or file, or no right to read it.
    """
    path = _fetched(wanted)
    if path is None:
        raise UsageError.of(
            "not-on-the-hub",
            f"{PREFIX}{wanted.repository} has no file {wanted.file}",
            f"name another one: {PREFIX}{wanted.repository}/FILE; "
            f"https://huggingface.co/{wanted.repository}/tree/main lists them",
        )
    return path


def fetched_config(wanted: Address) -> Path | None:
    """The `config.json` beside a file, or None where there is none."""
    return _fetched(Address(wanted.repository, "config.json"))


def _fetched(wanted: Address) -> Path | None:
    from huggingface_hub import hf_hub_download, try_to_load_from_cache
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    cached = try_to_load_from_cache(wanted.repository, wanted.file)
    if isinstance(cached, str):
        return Path(cached)
    if not may_reach_hub():
        raise _offline(wanted)
    try:
        return Path(hf_hub_download(wanted.repository, wanted.file))
    except LocalEntryNotFoundError:
        raise _offline(wanted) from None
    except EntryNotFoundError:
        return None
    except (GatedRepoError, RepositoryNotFoundError, HFValidationError) as refusal:
        is_gated = isinstance(refusal, GatedRepoError)
        raise UsageError.of(
            "hub-refuses",
            f"the Hugging Face hub gives no {wanted}: "
            + ("its owner asks for an agreement first" if is_gated else "no such repository"),
            "look at its page: " + f"https://huggingface.co/{wanted.repository}",
            "a repository that is private or asks for an agreement needs: hf auth login",
        ) from None
    except (OSError, HfHubHTTPError):
        raise _offline(wanted) from None


def _offline(wanted: Address) -> StriateError:
    return UsageError.of(
        "no-network",
        f"cannot fetch {wanted}: the Hugging Face hub cannot be reached, and its cache on this "
        "machine does not hold the file",
        f"on a machine with a network: hf download {wanted.repository} {wanted.file}; "
        "then copy the file here and name it instead",
    )
