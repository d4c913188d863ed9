"""What the columns of lists and tables are called, and what is refused where there are none."""

from __future__ import annotations

from collections.abc import Sequence

from striate.data.layouts import Reading
from striate.data.names import shown
from striate.errors import UsageError, did_you_mean, listing

PATHS = (
    *("path", "file", "filename", "file_name", "filepath", "file_path"),
    *("image", "image_path", "img", "img_path"),
)
LABELS = (
    *("label", "labels", "fine_label", "class", "classes", "class_name"),
    *("category", "target", "y"),
)
SPLITS = ("split", "subset", "partition")
GROUPS = ("group", "groups", "group_id")


def named(columns: Sequence[str], wanted: Sequence[str]) -> str | None:
    """The first column that is called like one of `wanted`, in any case; in their order."""
    known = {column.strip().lower(): column for column in reversed(columns)}
    return next((known[name] for name in wanted if name in known), None)


def chosen(
    columns: Sequence[str], given: str | None, usual: Sequence[str], where: str
) -> str | None:
    """The column that the user gave, else the first that is called like one of the usual ones.

    Raises:
        UsageError: there is no column of the name that the user gave.
    """
    if given is None:
        return named(columns, usual)
    if given not in columns:
        raise UsageError.of(
            "unknown-column",
            f"{where} has no column '{given}'{did_you_mean(given, columns)}",
            f"its columns are: {listing(list(columns))}",
        )
    return given


def refuse_columns(how: Reading, what: str) -> None:
    """Refuse names of columns where there are none.

    Raises:
        UsageError: one was given.
    """
    for option, name in (("--group", how.group), ("--label", how.label)):
        if name is not None:
            raise UsageError.of(
                "no-columns",
                f"{option} {name} names a column, but {what} have none",
                "name a list of the images with such a column: path,label,group",
            )


def refuse_links(how: Reading, data: str, what: str) -> None:
    """Refuse to follow links where there are none.

    Raises:
        UsageError: it was asked for.
    """
    if how.follow_links:
        raise UsageError.of(
            "no-links",
            f"--follow-links is given, but {shown(data)} is {what}, which has no links",
            "leave it out",
        )
