"""Files whose suffix is not that of an image."""

from __future__ import annotations

from striate.data.audit.finding import Finding, Hits, Scanned


def _check(scanned: Scanned) -> Hits:
    counted = sorted(scanned.suffixes.items(), key=lambda item: (-item[1], item[0]))
    names = tuple(f"{count:,} {suffix}" for suffix, count in counted)
    return Hits(sum(scanned.suffixes.values()), "files", names=names)


FINDING = Finding(
    code="unknown-suffix",
    severity="warning",
    topic="folder",
    title="files that are not images by their names",
    sentence="They are left out.",
    advice="save them as JPEG or PNG if they are pictures",
    check=_check,
)
