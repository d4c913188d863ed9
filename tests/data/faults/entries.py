"""Folders that hold what is no file, files with odd names, and links that lead elsewhere."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from tests.data.faults.drawn import slope
from tests.data.faults.written import saved
from tests.data.pictures import write

PICTURE = saved(slope(), "PNG")

# Names that a person, a camera or a mischievous archive gives to files; all of them are images.
ODD_NAMES = (
    "two words.png",
    "caf\u00e9 composed.png",
    "cafe\u0301 decomposed.png",
    "\U0001f431.png",
    "\u732b\u306e\u5199\u771f.png",
    "\u0627\u0644\u0642\u0637.png",
    "line\nbreak.png",
    'quote\'s "both".png',
    "<script>alert(1)<\\script>.png",
    "&amp;.png",
    "-rf.png",
    "--help.png",
    "a|b.png",
    "a,b;c.png",
    "back\\slash.png",
    "100%25.png",
    "{braces}.png",
    "$(touch pwned).png",
    "tab\there.png",
    "ends in space .png",
    "turned\u202egnp.png",
    "x" * 251 + ".png",
)
CLASS_NAMES = (
    "cat & dog",
    "<img src=x onerror=alert(1)>",
    "\u732b",
    "caf\u00e9",
    "'; DROP TABLE classes; --",
    "y" * 255,
)


def two_classes(root: Path, images: int = 3) -> Path:
    """`root/cat` and `root/dog` with so many pictures each."""
    for name in ("cat", "dog"):
        for number in range(images):
            write(root / name / f"{number}.png", saved(slope() + number, "PNG"))
    return root


def no_files(folder: Path) -> list[str]:
    """Put entries that are no files into a folder, all named like images; their names.

    A pipe and a socket, which would block whoever opens them; a link to nothing; links to
    themselves; a folder named like an image. And a file whose name is no text.
    """
    os.mkfifo(folder / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as listener:
        where = Path.cwd()
        os.chdir(folder)  # the path of a socket may have at most 107 bytes
        try:
            listener.bind("socket.jpg")
        finally:
            os.chdir(where)
    (folder / "nowhere.jpg").symlink_to(folder / "gone.jpg")
    (folder / "loop.jpg").symlink_to(folder / "loop.jpg")
    (folder / ".hidden.jpg").symlink_to(folder / ".hidden.jpg")
    (folder / "folder.jpg").mkdir()
    (folder / b"not-\xff-text.jpg".decode("utf-8", "surrogateescape")).write_bytes(PICTURE)
    return ["pipe.jpg", "socket.jpg", "nowhere.jpg", "loop.jpg", "folder.jpg"]


def links_out(root: Path, outside: Path) -> None:
    """Links in `root` that lead out of it: to a file, to a folder of files, to a class folder."""
    write(outside / "secret.png", PICTURE)
    (root / "cat" / "secret.png").symlink_to(outside / "secret.png")
    (root / "cat" / "more").symlink_to(outside, target_is_directory=True)
    (root / "bird").symlink_to(outside, target_is_directory=True)


def hidden(root: Path, class_name: str) -> list[str]:
    """What editors, cameras and systems leave behind, beside the class folders and in one."""
    names = [
        ".ipynb_checkpoints/0-checkpoint.png",
        f"{class_name}/.ipynb_checkpoints/0-checkpoint.png",
        f"{class_name}/.hidden.png",
        f"{class_name}/._0.png",
        f"{class_name}/.DS_Store",
        ".git/logo.png",
        "__MACOSX/._cat.png",
        f"{class_name}/Thumbs.db",
    ]
    for name in names:
        write(root / name, PICTURE)
    return names
