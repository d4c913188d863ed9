"""Folders of class folders: `photos/cat/1.jpg`, or `photos/train/cat/1.jpg`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from striate.data.layouts import Reading
from striate.data.layouts._columns import refuse_columns
from striate.data.layouts._search import SUFFIXES, Search, containers
from striate.data.manifest import SPLITS, Manifest, manifest_table
from striate.data.names import composed, shown, split_named, unusable
from striate.errors import DataError, listing
from striate.files import natural

FALLBACK = True


def recognises(data: str) -> bool:
    """Whether it is a folder."""
    return Path(data).is_dir()


def index(data: str, how: Reading) -> Manifest:
    """Images in class folders, flat or below folders named like splits.

    Raises:
        DataError: no class folders, a class that cannot be, or a class folder without images.
    """
    root = Path(data)
    refuse_columns(how, "class folders")
    search = Search(root, follow_links=how.follow_links)
    parts, notices = _parts(search, root)
    folders = [(part.split, child) for part in parts for child in _verified(part)]
    classes = _class_names(search, root, [child for _, child in folders])
    place = {name: index for index, name in enumerate(classes)}
    paths: list[str] = []
    sizes: list[int] = []
    counts = []
    for _, child in folders:
        found = list(search.images(child))
        if not found and not how.allow_empty:
            raise _empty(child, search)
        paths += [path for path, _ in found]
        sizes += [size for _, size in found]
        counts.append(len(found))
    if not paths:
        raise DataError.of(
            "no-images", f"{shown(data)} holds no images", *(search.links_out(root) or [_SUFFIXES])
        )
    return Manifest(
        root=str(root.resolve()),
        kind="folder",
        classes=classes,
        table=manifest_table(
            {
                "path": paths,
                "place": [-1] * len(paths),
                "bytes": sizes,
                "labels": _repeated([place[composed(child.name)] for _, child in folders], counts),
                "split": _repeated([split for split, _ in folders], counts),
            }
        ),
        notices=(*notices, *search.notices()),
        follows_links=how.follow_links,
    )


class _Part(NamedTuple):
    """A folder of class folders, and the split of all their images."""

    split: str
    folder: Path
    children: list[Path]


def _parts(search: Search, root: Path) -> tuple[list[_Part], list[str]]:
    """The folders that hold class folders, and what is to be said about them."""
    folders = search.subfolders(root)
    splits = [(split, child) for child in folders if (split := split_named(child.name))]
    others = [child.name for child in folders if not split_named(child.name)]
    if not splits or (others and "train" not in dict(splits)):
        return [_Part("train", root, folders)], []
    splits.sort(key=lambda part: list[str](SPLITS).index(part[0]))
    odd = [f"{child.name} is {split}" for split, child in splits if child.name != split]
    told = [f"folders of splits: {', '.join(odd)}"] if odd else []
    told += [f"not used, beside the splits: {listing(list(map(shown, others)))}"] if others else []
    return [_Part(split, child, search.subfolders(child)) for split, child in splits], told


def _verified(part: _Part) -> list[Path]:
    """The class folders of a part, each with a name that can be told from the others."""
    known: dict[str, Path] = {}
    for child in part.children:
        if reason := unusable(child.name):
            raise DataError.of(
                "bad-class-name",
                f"the class folder '{shown(child.name)}' in {shown(str(part.folder))} has {reason}",
                "rename the folder",
            )
        if known.setdefault(composed(child.name), child) is not child:
            raise DataError.of(
                "same-class-twice",
                f"{shown(str(part.folder))} has two folders '{child.name}', whose letters are the "
                "same but stored in two ways (Unicode's composed and decomposed form)",
                "move the images of one into the other",
            )
    return part.children


def _class_names(search: Search, root: Path, folders: list[Path]) -> tuple[str, ...]:
    """Names of all class folders, composed, in natural order."""
    names = {composed(child.name) for child in folders}
    if not names:
        links = search.links_out(root)
        lists = containers(root, (".csv", ".tsv", ".jsonl"), depth=1)
        raise DataError.of(
            "no-classes",
            f"{root} holds no class folders",
            *links,
            *([f"if {lists[0].name} lists the images, name it: {lists[0]}"] if lists else []),
            "put the images of each class into a folder of its name: photos/cat/1.jpg",
        )
    return tuple(sorted(names, key=natural))


def _repeated(values: Sequence[object], counts: list[int]) -> list[object]:
    return [value for value, count in zip(values, counts, strict=True) for _ in range(count)]


def _empty(folder: Path, search: Search) -> DataError:
    return DataError.of(
        "empty-class",
        f"the class folder {folder} holds no images",
        *(search.links_out(folder) or [_SUFFIXES]),
        "remove the folder, or put images into it",
    )


_SUFFIXES = f"images are files that end in {' '.join(sorted(SUFFIXES))}"
