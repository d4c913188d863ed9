"""What a training will be: its data, its network and its settings, before any image is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from striate.data import Manifest, Preprocessing
from striate.data.audit import QuickAudit
from striate.errors import DataError, StriateError, UsageError, listing
from striate.evaluate.metrics import check_selection
from striate.networks import Network, check_readable, network_for
from striate.options import Options, check_options
from striate.quantities import dimensions, exact, short
from striate.train.growing import check_growing
from striate.train.prepare import read_data
from striate.train.recipes import find_recipe
from striate.train.reporter import Reporter
from striate.train.settings import Settings, resolve
from striate.train.start import Start, find_start
from striate.train.usual import ALIKE, usual_network

# What takes the place of a network's own size where images are of several sizes.
USUAL_SIZE = 224
# A photo is decoded at half its size as long as that has twice the pixels, along each axis, that
# it is scaled to: decoding is several times faster, and the picture is nearly the same.
REDUCING_GAP = 2.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What was chosen for a training.

    start: the network, with the weights it begins with.
    record: without mean and deviation, if they are still to be computed.
    """

    manifest: Manifest
    start: Start
    record: Preprocessing
    settings: Settings


def plan(net: str | Network | None, data: str | Path, options: Options, tell: Reporter) -> Plan:
    """Everything about a training that options, heads of images and the network decide.

    net: None for one that suits the data.

    Raises:
        StriateError: something cannot be used, with what to do.
    """
    check_options(options)
    # Told before all images are looked at, which may take minutes.
    if recipe_name := options.get("recipe"):
        find_recipe(recipe_name)
    if isinstance(net, str):
        check_readable(net)
    manifest, seen = read_data(data, options, tell)
    pretrained = options.get("pretrained", False)
    recipe, why = "finetune" if pretrained else "scratch", ""
    if net is None:
        net, pretrained, reason, recipe = usual_network(seen, options)
        why = f" ({reason}; --net names another)"
    chosen = choose_network(net, manifest.classes, seen, size=options.get("size"))
    tell.line(_network_line(chosen, seen) + why)
    start = find_start(chosen, pretrained, tell)
    record = start.suited(input_record(chosen))
    settings = resolve(
        options,
        manifest=manifest.only("train"),
        record=record,
        pretrained=pretrained,
        recipe=recipe,
        is_colour=seen.is_colour and record.channels == 3,
        is_varied=seen.share <= ALIKE or (seen.height, seen.width) != (record.height, record.width),
    )
    check_growing(chosen.graph, settings)
    if settings.metric == "map":
        check_selection("map", is_multilabel=manifest.is_multilabel)
    return Plan(manifest, start, record, settings)


def choose_network(
    net: str | Network, classes: tuple[str, ...], seen: QuickAudit, *, size: int | None
) -> Network:
    """The network with an output per class; its input by `size`, else itself, else the data.

    Raises:
        TextError: the text is wrong, or the images are too small for it.
        UsageError: it is no classifier, or not of such images.
        DataError: another number of outputs than classes.
    """
    chosen = net if isinstance(net, Network) else _built(net, len(classes), seen, size)
    record = input_record(chosen)
    if record.colour == "bands" and seen.bands and record.channels not in seen.bands:
        raise UsageError.of(
            "network-input",
            f"{chosen.name} takes {dimensions(chosen.input)}, but the images have "
            f"{' or '.join(map(str, sorted(seen.bands)))} channels",
            "networks of 1 or 3 channels take grey and colour images of all kinds",
        )
    if size not in (None, chosen.input[1]):
        raise UsageError.of(
            "network-size",
            f"--size is {size}, but {chosen.name} takes {dimensions(chosen.input)}",
            "leave --size out, or make the network for that size",
        )
    if chosen.output != (len(classes),):
        _refuse_outputs(chosen, classes)
    return chosen


def input_record(chosen: Network) -> Preprocessing:
    """How images are prepared for a network; mean and deviation are still to be computed.

    Raises:
        UsageError: it takes no images of a stated size.
    """
    match chosen.input:
        case (int(channels), int(height), int(width)):
            return Preprocessing(height, width, channels, reducing_gap=REDUCING_GAP)
    raise UsageError.of(
        "network-input",
        f"{chosen.name} takes {dimensions(chosen.input)}; images have channels, a height and a "
        "width",
        "begin the text with, say, input(3, 32, 32)",
    )


def _built(net: str, classes: int, seen: QuickAudit, size: int | None) -> Network:
    """The network of a text or name; where it leaves its input open, one that suits the data."""
    channels = seen.channels
    height, width = _size(seen)
    given = (channels, size or height, size or width)
    try:
        chosen = network_for(net, input=None, classes=classes)
    except StriateError as mistake:
        # Perhaps all that is missing is an input; if not, this raises what is wrong.
        try:
            return network_for(net, classes=classes, input=given)
        except StriateError as other:
            # A text that states its input is wrong in another place than that.
            states_input = any(found.code == "input-differs" for found in other.diagnostics)
            raise (mistake if states_input else other) from None
    if None in chosen.input:
        return network_for(net, classes=classes, input=(chosen.input[0], *given[1:]))
    if size is None or chosen.input[1:] == (size, size):
        return chosen
    return network_for(net, classes=classes, input=(chosen.input[0], size, size))


def _refuse_outputs(chosen: Network, classes: tuple[str, ...]) -> None:
    if len(chosen.output) != 1:
        raise UsageError.of(
            "not-a-classifier",
            f"{chosen.name} ends in {dimensions(chosen.output)}; a classifier ends in one number "
            f"per class, here {len(classes)}",
            f"end the text with -> gap -> fc({len(classes)})",
        )
    raise DataError.of(
        "class-count",
        f"the network ends in {chosen.output[0]} outputs but the data has {len(classes)} classes",
        f"the classes are: {listing(list(classes))}",
        f"end the network with fc({len(classes)}), or name it with classes={len(classes)}",
    )


def _size(seen: QuickAudit) -> tuple[int, int]:
    """Height and width that suit the images: their own, if they are alike."""
    return (seen.height, seen.width) if seen.share > ALIKE else (USUAL_SIZE, USUAL_SIZE)


def _network_line(chosen: Network, seen: QuickAudit) -> str:
    line = (
        f"{chosen.name}: {exact(chosen.params)} parameters, {short(chosen.macs or 0)} MACs, "
        f"input {dimensions(chosen.input)}"
    )
    if (seen.height, seen.width) != chosen.input[1:]:
        line += "; images are scaled to it"
    if seen.is_colour and chosen.input[0] == 1:
        line += "; colours become grey"
    return line
