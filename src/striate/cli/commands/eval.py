"""Score a trained network on held-out images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

if TYPE_CHECKING:
    from striate.data import Manifest
    from striate.deploy import Bundle


def eval_(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN|NET",
            help="Run folder that striate fit made, or a published network: efficientnet_lite0.",
        ),
    ],
    data: Annotated[
        str | None, typer.Argument(help="Other images. [default: those held out by the run]")
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(help="train, val or test. [default: test where there is one, else val]"),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE",
            help="Of a run: best or last. Of a network: a .safetensors, .pt or .pth file, "
            "hf:owner/name, or pretrained. [default: best; of a network those installed here]",
        ),
    ] = None,
    batch: Annotated[int, typer.Option(help="Images at a time.", min=1)] = 256,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Accept data that lack some of the classes.")
    ] = False,
    drop_unknown: Annotated[
        bool, typer.Option("--drop-unknown", help="Leave out images of classes it does not know.")
    ] = False,
    follow_links: Annotated[
        bool, typer.Option("--follow-links", help="Follow links out of the data folder.")
    ] = False,
    max_unreadable: Annotated[
        float, typer.Option(help="Share of unreadable images to put up with.", min=0, max=1)
    ] = 0.01,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Score a trained network on held-out images.

    Prints the accuracy with its 95 % interval and the number of images, and precision, recall and
    F1 of every class. Without DATA, the images are those that the run has never trained on, by the
    list in its folder. Classes of other data are matched by name; those of ImageNet may also be
    called by their WordNet numbers (n02123045) or by all their words.
    """
    from json import dumps

    from striate.cli.commands._threads import yield_while_waiting

    yield_while_waiting()

    from striate.data import Loader, refuse_many
    from striate.data.names import shown
    from striate.deploy import open_bundle
    from striate.evaluate import accuracy_line, answers, class_table, mistakes_line, score
    from striate.train import Terminal

    bundle = open_bundle(run, weights)
    allowed = _Allowed(allow_missing, drop_unknown, follow_links)
    chosen, manifest = _images(bundle, data, split, allowed)
    module = bundle.module()
    tell = Terminal()
    for notice in manifest.notices:
        tell.line(notice)
    loader = Loader(manifest, bundle.preprocessing, batch)
    with tell.bar("evaluating", len(manifest)) as advance:
        said = answers(module, loader, bundle.preprocessing, advance=advance)
    refuse_many(loader.unreadable, len(manifest), limit=max_unreadable)
    for bad in loader.unreadable:
        tell.line(f"left out: {shown(bad.path)}: {bad.reason}")
    scores = score(said.log_probabilities, said.labels, bundle.classes)
    if json:
        head = {"run": run, "weights": bundle.name, "data": data or manifest.root, "split": chosen}
        unreadable = {"unreadable": [bad.path for bad in loader.unreadable]}
        print(dumps({**head, **scores.to_json(), **unreadable}, allow_nan=False))
        return
    print(f"{run} ({bundle.name}) on {chosen} of {data or manifest.root}")
    print(accuracy_line(scores))
    print(f"log-loss {scores.log_loss:.4f}")
    print(class_table(scores))
    if mistakes := mistakes_line(scores):
        print(mistakes)


class _Allowed(NamedTuple):
    """What may differ between the data and the network, and where the data may lie."""

    missing: bool
    unknown: bool
    links: bool


def _images(
    bundle: Bundle, data: str | None, split: str | None, allowed: _Allowed
) -> tuple[str, Manifest]:
    """The images to score, with labels by the bundle's class list, and what to call them."""
    from striate.data import SPLITS, index, load_manifest
    from striate.errors import UsageError, did_you_mean
    from striate.train import MANIFEST

    if split is not None and split not in SPLITS:
        raise UsageError.of(
            "unknown-split",
            f"there is no split '{split}'{did_you_mean(split, SPLITS)}",
            "the splits are train, val and test",
        )
    if data:
        found = index(data, follow_links=allowed.links, allow_empty=allowed.missing)
        manifest = _by_known_names(found, bundle)
    elif bundle.folder is not None:
        manifest = load_manifest(bundle.folder / MANIFEST)
    else:
        raise UsageError.of(
            "data-needed",
            f"{bundle.network.name} was trained elsewhere and holds out no images",
            f"name some: striate eval {bundle.network.name} DATA",
        )
    present = [name for name in SPLITS if (manifest.splits == name).any()]
    wanted = split or next((name for name in ("test", "val") if name in present), None)
    if wanted is None:
        if not data:
            raise UsageError.of(
                "nothing-held-out",
                f"{bundle.folder} held out no images",
                f"name other images: striate eval {bundle.folder} DATA; or add --split train",
            )
        return "all images", manifest.with_classes(
            bundle.classes, allow_missing=allowed.missing, drop_unknown=allowed.unknown
        )
    part = next((manifest.only(name) for name in present if name == wanted), None)
    if part is None:
        raise UsageError.of(
            "empty-split",
            f"{data or bundle.folder} has no images in the split '{wanted}'",
            f"it has: {', '.join(present)}",
        )
    # The run's own splits may lack a rare class: that is known since the training.
    allow = allowed.missing or not data
    return wanted, part.with_classes(
        bundle.classes, allow_missing=allow, drop_unknown=allowed.unknown
    )


def _by_known_names(manifest: Manifest, bundle: Bundle) -> Manifest:
    """The same images, under the names that a network of ImageNet's classes has for them."""
    from dataclasses import replace

    from striate.weights import imagenet_classes, imagenet_names

    if bundle.classes != imagenet_classes():
        return manifest
    known = imagenet_names()
    return replace(manifest, classes=tuple(known.get(name, name) for name in manifest.classes))
