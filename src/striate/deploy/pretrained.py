"""Published networks in use, with the weights that somebody else trained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from striate import zoo
from striate.data import Preprocessing
from striate.deploy.bundle import Bundle, load
from striate.errors import BundleError, StriateError, UsageError, did_you_mean
from striate.networks import Network, network
from striate.quantities import dimensions
from striate.weights import (
    PRETRAINED,
    Loaded,
    Source,
    find_weights,
    load_into,
    missing_extra,
    offline_weights,
    usual,
)
from striate.zoo.wheels import WHEELS


def open_bundle(model: str, weights: str | None = None) -> Bundle:
    """What a command calls its model: a run folder, or a network with published weights.

    weights: of a run `best` (the default) or `last`; of a network as in `pretrained`.

    Raises:
        StriateError: it is neither, or the weights cannot be used.
    """
    if Path(model).is_dir():
        return load(model, weights or "best")
    if _is_network(model):
        return pretrained(model, weights)
    runs = Path("runs")
    near = [str(child) for child in runs.iterdir()] if runs.is_dir() else []
    raise BundleError.of(
        "run-not-found",
        f"there is no run folder {model}{did_you_mean(model, [*near, *zoo.cards()])}",
        "RUN is a folder that striate fit made, such as runs/photos-resnet18-1",
        "or a network whose weights are published, such as efficientnet_lite0; striate zoo lists "
        "them",
    )


def pretrained(net: str | Network, weights: Source | None = None) -> Bundle:
    """A network with weights from elsewhere, ready to say what is in images.

    weights: see `Network.module`; without them, those that are installed on this machine: nothing
        is fetched that was not asked for.

    Raises:
        StriateError: no such network, weights that cannot be had, or those of another network.
    """
    made = net if isinstance(net, Network) else network(net)
    source = _offline(made) if weights is None else weights
    found = find_weights(source, made.card, name=made.name)
    module = made.module()
    loaded = load_into(module, found, outputs=made.output[0] or 0, name=made.name)
    if loaded.has_new_head:
        raise _untrained(made, loaded)
    if len(made.output) != 1:
        raise UsageError.of(
            "not-a-classifier",
            f"{made.name} ends in {dimensions(made.output)}; a classifier ends in one number per "
            "class",
            "only classifiers can be asked what is in an image",
        )
    classes = loaded.classes or tuple(f"class {index}" for index in range(made.output[0] or 0))
    return Bundle(
        folder=None,
        name=loaded.origin,
        network=made,
        tensors=module.state_dict(),
        classes=classes,
        preprocessing=_preprocessing(made, loaded),
        metrics={},
        facts={"notes": list(loaded.notes)},
    )


def _is_network(model: str) -> bool:
    return model.endswith(".cnn") or "->" in model or model.partition("(")[0] in zoo.cards()


def _offline(made: Network) -> str:
    """The word for the published weights, if they need no network.

    Raises:
        UsageError: they do, or are not installed.
    """
    card = made.card
    if card is not None and offline_weights(card.name):
        return PRETRAINED
    if card is not None and card.name in WHEELS:
        raise missing_extra(card.name)
    raise _weights_needed(made)


def _weights_needed(made: Network) -> StriateError:
    card = made.card
    advice = ["--weights FILE takes them from a .safetensors, .pt or .pth file"]
    if card is not None and card.weights is not None:
        licence = f", licence {card.licence}" if card.licence else ""
        advice.append(f"--weights pretrained fetches hf:{card.weights}{licence}")
    advice.append(f"{', '.join(WHEELS)} works without a network")
    return UsageError.of(
        "weights-needed", f"the weights of {made.name} are not on this machine", *advice
    )


def _untrained(made: Network, loaded: Loaded) -> StriateError:
    """The error for weights whose last layer is of other classes than that of the network."""
    return UsageError.of(
        "wrong-class-count",
        f"{loaded.origin} is not for the {made.output[0]:,} outputs of {made.name}",
        *loaded.notes[-1:],
        "take a network with as many outputs as the weights, NAME(classes=N); or train the new "
        "layer: striate fit DATA --net NET --pretrained SOURCE",
    )


def _preprocessing(made: Network, loaded: Loaded) -> Preprocessing:
    """As the weights were made; where nobody knows, as most are."""
    record = loaded.preprocessing or usual(made.input)
    if record is None:
        raise UsageError.of(
            "preprocessing-unknown",
            f"nobody says how images were prepared for {loaded.origin}",
            f"{made.name} takes {dimensions(made.input)}; for other than colour images there is "
            "no custom to go by",
        )
    is_as_published = made.card is not None and made.input == made.card.input
    match made.input:
        case (_, int(height), int(width)) if not is_as_published:
            return replace(record, height=height, width=width)
    return record
