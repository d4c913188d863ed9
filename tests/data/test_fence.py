"""Reading stays in the data folder, whatever links say."""

from __future__ import annotations

from pathlib import Path

import pytest

from striate.data.fence import Fence, below
from tests.data.pictures import write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path / "outside" / "secret.png", b"")
    root = write(tmp_path / "photos" / "cat" / "1.png", b"").parent.parent
    (root / "inner").symlink_to("cat")
    (root / "outer").symlink_to(tmp_path / "outside")
    (root / "file.png").symlink_to(tmp_path / "outside" / "secret.png")
    (root / "twin.png").symlink_to("cat/1.png")
    write(tmp_path / "photos-2" / "1.png", b"")
    (root / "sibling").symlink_to(tmp_path / "photos-2")
    return root


@pytest.mark.parametrize(
    ("path", "is_inside"),
    [
        ("cat/1.png", True),
        ("cat/gone.png", True),
        ("inner/1.png", True),
        ("twin.png", True),
        ("outer/secret.png", False),
        ("file.png", False),
        ("sibling/1.png", False),
        ("../outside/secret.png", False),
    ],
)
def test_links_are_followed_as_long_as_they_stay_inside(
    root: Path, path: str, *, is_inside: bool
) -> None:
    fence = Fence(root)
    assert fence.admits(path) is is_inside
    assert fence.admits(path) is is_inside  # and as remembered
    assert Fence(root, follows_links=True).admits(path)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a/b.png", "a/b.png"),
        ("./a//b.png", "a/b.png"),
        ("/photos/a.png", "a.png"),
        ("a..b/c...png", "a..b/c...png"),
        ("", None),
        (".", None),
        ("a/../b.png", None),
        ("/photos-2/a.png", None),
        ("//etc/passwd", None),
        ("/photos//etc/passwd", None),
        ("a\0b", None),
    ],
)
def test_paths_are_below_the_root_or_nowhere(text: str, path: str | None) -> None:
    assert below(text, "/photos") == path
