"""Texts and places in them; every token, tree node and graph node holds one."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

TAB_COLUMNS = 4
EXCERPT_COLUMNS = 100
LONGEST_LINE = 130  # shown whole in messages; texts of networks keep to it


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A text with the name that messages call it by.

    `name` is a file path, the name of a zoo network, or `<text>`.
    """

    name: str
    text: str
    _starts: list[int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        starts = [0]
        starts.extend(at + 1 for at, char in enumerate(self.text) if char == "\n")
        object.__setattr__(self, "_starts", starts)

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of a character, both counted from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of one line, counted from 1, without its end."""
        start = self._starts[number - 1]
        end = self._starts[number] - 1 if number < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r")


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` up to, not including, `end` of a source."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        """The words the span covers."""
        return self.source.text[self.start : self.end]

    @property
    def line(self) -> int:
        """Line of the first character, counted from 1."""
        return self.source.place(self.start)[0]

    def to(self, other: Span) -> Span:
        """The stretch from the start of this span to the end of the other."""
        return Span(self.source, self.start, max(self.end, other.end))

    def __str__(self) -> str:
        line, column = self.source.place(self.start)
        return f"{self.source.name}:{line}:{column}"

    def excerpt(self) -> list[str]:
        """The first line of the span, and below it carets under the guilty words.

        A line too long for a terminal is cut around the carets, with `...` where it was cut.
        """
        number, column = self.source.place(self.start)
        line = self.source.line(number)
        width = max(min(self.end - self.start, len(line) - column + 1), 0)
        start = column - 1
        # Cut first: a line may be a megabyte long.
        before = _visible(line[max(start - LONGEST_LINE, 0) : start])
        words = _visible(line[start : start + min(width, EXCERPT_COLUMNS + 1)])
        after = _visible(line[start + width : start + width + LONGEST_LINE])
        is_long = len(line) > LONGEST_LINE
        if start > LONGEST_LINE or (is_long and len(before) > EXCERPT_COLUMNS // 2):
            before = "..." + before[-(EXCERPT_COLUMNS // 2) :]
        if len(words) > EXCERPT_COLUMNS:
            words, after = words[:EXCERPT_COLUMNS] + "...", ""
        if is_long and len(after) > EXCERPT_COLUMNS // 2:
            after = after[: EXCERPT_COLUMNS // 2] + "..."
        gutter = f" {number} | "
        carets = "^" * max(len(words), 1)
        return [
            f"{gutter}{before}{words}{after}".rstrip(),
            f"{' ' * (len(gutter) - 2)}| {' ' * len(before)}{carets}",
        ]


def _visible(text: str) -> str:
    """The text as a terminal can show it in known columns: no tabs, no control characters."""
    text = text.replace("\t", " " * TAB_COLUMNS)
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
