"""What the columns of lists and tables are called."""

from __future__ import annotations

from collections.abc import Sequence

from striate.data.layouts import Reading
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


def group_column(columns: Sequence[str], how: Reading, where: str) -> str | None:
    """The column of groups: the one that the user named, else one with such a name.

    Raises:
        UsageError: there is no column of the name that the user gave.
    """
    if how.group is None:
        return named(columns, GROUPS)
    if how.group not in columns:
        raise UsageError.of(
            "unknown-column",
            f"{where} has no column '{how.group}'{did_you_mean(how.group, columns)}",
            f"its columns are: {listing(list(columns))}",
        )
    return how.group


def refuse_group(how: Reading, what: str) -> None:
    """Refuse a column of groups where there are no columns.

    Raises:
        UsageError: one was named.
    """
    if how.group is not None:
        raise UsageError.of(
            "no-columns",
            f"--group {how.group} names a column, but {what} have none",
            "name a list of the images with such a column: path,label,group",
        )
