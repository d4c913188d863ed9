"""Reading stays inside the data folder, whatever names and links say."""

from __future__ import annotations

import os
from pathlib import Path


class Fence:
    """Tells what lies below a folder once links are followed; remembers the folders it looked at.

    With `follows_links`, all that is linked from it counts as below it.
    """

    def __init__(self, root: str | Path, *, follows_links: bool = False) -> None:
        self.root = str(root)
        self.follows_links = follows_links
        self._real = os.path.realpath(root)
        self._known: dict[str, bool] = {}

    def admits(self, path: str) -> bool:
        """Whether a relative path may be read."""
        if self.follows_links:
            return True
        whole = os.path.join(self.root, path)  # noqa: PTH118 - a million of them
        folder = os.path.dirname(whole)  # noqa: PTH120
        if folder not in self._known:
            self._known[folder] = self._is_below(os.path.realpath(folder))
        if not self._known[folder]:
            return False
        is_link = os.path.islink(whole)  # noqa: PTH114
        return not is_link or self._is_below(os.path.realpath(whole))

    def _is_below(self, real: str) -> bool:
        return real == self._real or real.startswith(self._real.rstrip(os.sep) + os.sep)


def below(text: str, root: str | Path) -> str | None:
    """A path as the data state it, below `root` and with `/`; None where it leads elsewhere.

    >>> below("cat/./1.png", "/photos"), below("/photos/cat/1.png", "/photos")
    ('cat/1.png', 'cat/1.png')
    >>> below("../1.png", "/photos"), below("/etc/passwd", "/photos")
    (None, None)
    """
    path = text.replace(os.sep, "/")
    base = str(root).replace(os.sep, "/").rstrip("/") + "/"
    path = path.removeprefix(base) if os.path.isabs(text) else path  # noqa: PTH117
    steps = [step for step in path.split("/") if step not in ("", ".")]
    leads_out = path.startswith("/") or os.path.isabs(path) or ".." in steps  # noqa: PTH117
    if leads_out or not steps or "\0" in path:
        return None
    return "/".join(steps)
