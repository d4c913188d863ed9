"""See where a trained network looks on images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from striate.cli.commands._arguments import Model, Weights

if TYPE_CHECKING:
    from pathlib import Path

    from striate.deploy import Bundle
    from striate.explain import Explainer, Explanation, Look
    from striate.train import Reporter


def explain(
    run: Model,
    files: Annotated[list[str], typer.Argument(help="Image files.")],
    out: Annotated[
        str, typer.Option(help="Folder for the pictures; made where it is not there.")
    ] = "explained",
    layer: Annotated[
        str | None,
        typer.Option(
            help="Name or path of the layer to look at. [default: the last before the output "
            "forgets places]"
        ),
    ] = None,
    class_: Annotated[
        str | None,
        typer.Option("--class", help="What to look for. [default: each image's most probable]"),
    ] = None,
    top: Annotated[int, typer.Option(help="Classes to show.", min=1, max=20)] = 5,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="See whether the map of the first image changes with random weights."
        ),
    ] = False,
    weights: Weights = None,
    json: Annotated[bool, typer.Option("--json", help="Print the maps as JSON.")] = False,
) -> int:
    """See where a trained network looks on images.

    Makes a picture of each image: the image as the network sees it, with colours on what speaks for
    a class (Grad-CAM), and with what the middle position of the same layer sees of it: what it
    could, by the architecture, and where half of its effect comes from, by the weights. A file that
    cannot be read is told, and the exit code is then 2; the other files are explained all the same.
    Needs captum: pip install 'striate[explain]'.

    With --check, the layers are made random from the top. A map that stays the same does not depend
    on what was learned, and the exit code is 1.
    """
    from json import dumps

    from striate.cli.commands._threads import yield_while_waiting

    yield_while_waiting()

    from striate.data import UnreadableImageError
    from striate.data.names import escaped
    from striate.deploy import open_bundle
    from striate.explain import is_sound
    from striate.train import Terminal

    bundle = open_bundle(run, weights)
    tell = Terminal()
    explainer = _explainer(bundle, layer, class_, tell)
    folder = _folder(out)
    made: list[tuple[Explanation, Path]] = []
    bad: list[UnreadableImageError] = []
    with tell.bar("explaining", len(files)) as advance:
        for file in files:
            try:
                found = explainer.explain(file, target=class_, top=top)
                made.append((found, _saved(found, folder, {path for _, path in made})))
            except UnreadableImageError as unreadable:
                bad.append(unreadable)
            advance(1)
    looks = explainer.check(made[0][0]) if check and made else []
    if json:
        rows = [{**one.to_json(), "picture": str(path)} for one, path in made]
        head = {"run": run, "weights": bundle.name, "layer": explainer.layer.name}
        told = [look._asdict() for look in looks]
        print(dumps({**head, "images": rows, "check": told or None}, allow_nan=False))
    else:
        for one, path in made:
            name, probability = one.guesses[0]
            print(f"{path}  {escaped(one.file)}: {escaped(name)} {100 * probability:.1f} %")
        _show_check(looks)
    for mistake in bad:
        tell.line(str(mistake))
    return 2 if bad else int(bool(looks) and not is_sound(looks))


def _explainer(bundle: Bundle, layer: str | None, class_: str | None, tell: Reporter) -> Explainer:
    """What explains; says which layer was chosen, and refuses a class that is not known."""
    from striate.explain import Explainer

    explainer = Explainer(
        bundle.network,
        bundle.module(),
        bundle.preprocessing,
        bundle.classes,
        layer=layer,
        is_multilabel=bool(bundle.is_multilabel),
    )
    if class_ is not None:
        explainer.place_of(class_)
    others = explainer.layer.others
    rest = f"; --layer takes another, say {others[0]}" if others else ""
    tell.line(f"looks at the layer {explainer.layer}{rest}")
    return explainer


def _show_check(looks: list[Look]) -> None:
    """What became of the map, a line for each look, and what follows from it."""
    from striate.explain import is_sound

    for look in looks:
        print(f"likeness {look.likeness:5.2f} with {look.layers} layers random, up to {look.last}")
    if looks and is_sound(looks):
        print("the map depends on the weights: with all of them random it is another one")
    elif looks:
        print("the map does not depend on the weights: it shows the image or the architecture")


def _folder(out: str) -> Path:
    from pathlib import Path

    from striate.errors import UsageError

    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as refused:
        raise UsageError.of(
            "out-not-made",
            f"the folder {out} cannot be made: {refused.strerror or refused}",
            "name another one with --out",
        ) from refused
    return folder


def _saved(explanation: Explanation, folder: Path, taken: set[Path]) -> Path:
    """The picture's file, named after the image; numbered where several have one name."""
    from pathlib import Path

    from striate.errors import UsageError
    from striate.explain import drawn
    from striate.files import replace_file

    stem = Path(explanation.file).stem
    path = folder / f"{stem}.png"
    number = 2
    while path in taken:
        path = folder / f"{stem}-{number}.png"
        number += 1
    try:
        replace_file(path, lambda temporary: drawn(explanation).save(temporary, "PNG"))
    except OSError as refused:
        raise UsageError.of(
            "picture-not-written",
            f"{path} cannot be written: {refused.strerror or refused}",
            "name another folder with --out",
        ) from refused
    return path
