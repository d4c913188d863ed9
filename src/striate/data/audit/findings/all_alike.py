"""Pictures so alike that copies cannot be told from others."""

from __future__ import annotations

from striate.data.audit.duplicates import NEAR, known_hashes, near_threshold
from striate.data.audit.finding import NOTHING, Finding, Hits, Scanned


def _check(scanned: Scanned) -> Hits:
    hashes, known = known_hashes(scanned.manifest)
    threshold = near_threshold(hashes[known])
    if threshold >= NEAR:
        return NOTHING
    rule = f"hashes of copies may differ in {threshold} of 64 bits here, in {NEAR} elsewhere"
    if threshold < 0:
        rule = "only equal files are found as copies here"
    return Hits(int(known.sum()), details=(rule,))


FINDING = Finding(
    code="all-alike",
    severity="note",
    topic="copies",
    title="pictures that are all alike",
    sentence="Different ones are so alike that fewer copies can be told by their looks.",
    advice="if several show one thing (a patient, a part), name it in a column: --group",
    check=_check,
)
