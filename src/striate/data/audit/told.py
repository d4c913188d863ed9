"""What a scan has found, as text for a screen and as plain values."""

from __future__ import annotations

from collections import Counter

from striate.data.audit.counts import counts_line
from striate.data.audit.finding import Found
from striate.data.audit.scan import Scan
from striate.data.manifest import SPLITS, Manifest
from striate.data.names import shown
from striate.files import Json
from striate.quantities import duration

NAMED = 3  # names that a line of the summary tells


def summary(scan: Scan, data: str) -> list[str]:
    """One screen: what was looked at, then each finding with its count and first names."""
    manifest = scan.manifest
    lines = [f"{shown(data)}: {counts_line(manifest)}", speed_line(scan)]
    for severity in ("error", "warning", "note"):
        chosen = [found for found in scan.found if found.kind.severity == severity]
        if chosen:
            lines += ["", f"{severity}s" if len(chosen) > 1 else severity]
        for found in chosen:
            lines += _told(found, manifest)
    usable = int(scan.scanned.is_ok.sum())
    ending = "nothing to complain about" if not scan.found else ""
    if scan.count("error"):
        ending = "see to the errors first: they spoil a training or its scores"
    lines += ["", f"{usable:,} of {len(manifest):,} images can be used; {ending}".rstrip("; ")]
    return lines


def speed_line(scan: Scan) -> str:
    """How long it took, and what an earlier scan had done."""
    now = len(scan.manifest) - scan.known
    if not now:
        return f"all were decoded by an earlier scan and have not changed ({scan.known:,})"
    rate = now / max(scan.seconds, 1e-3)
    known = f"; {scan.known:,} were known from an earlier scan" if scan.known else ""
    return (
        f"decoded {now:,} in {duration(scan.seconds)} ({rate:,.0f} a second, "
        f"{scan.limits.crew} processes){known}"
    )


def names_of(found: Found, manifest: Manifest) -> list[str]:
    """What a finding concerns, by name: images, groups of them, classes or files."""
    groups = [" = ".join(map(manifest.name, group)) for group in found.hits.groups]
    return [*groups, *map(shown, found.hits.names)]


def document(scan: Scan, data: str) -> dict[str, Json]:
    """Everything as plain values: one document, with all names in full."""
    manifest = scan.manifest
    splits = Counter(manifest.splits.tolist())
    return {
        "data": data,
        "images": len(manifest),
        "usable": int(scan.scanned.is_ok.sum()),
        "classes": dict(zip(manifest.classes, manifest.counts().tolist(), strict=True)),
        "splits": {name: splits[name] for name in SPLITS if splits[name]},
        "known": scan.known,
        "seconds": round(scan.seconds, 3),
        "errors": scan.count("error"),
        "findings": [_as_json(found, manifest) for found in scan.found],
    }


def _told(found: Found, manifest: Manifest) -> list[str]:
    """A line with the count and the first names; what to do, if it must be done."""
    kind, hits = found.kind, found.hits
    names = [_group(group, manifest) for group in hits.groups[:NAMED]]
    names += [shown(name) for name in hits.names[: NAMED - len(names)]]
    rest = len(hits.groups) + len(hits.names) - len(names)
    more = f", ... ({rest:,} more)" if rest else ""
    of = f": {', '.join(names)}{more}" if names else ""
    lines = [f"  {hits.count:>7,}  {kind.title} [{kind.code}]{of}"]
    lines += [f"           {detail}" for detail in hits.details]
    if kind.severity == "error":
        lines.append(f"           -> {kind.advice}")
    return lines


def _group(rows: tuple[int, ...], manifest: Manifest) -> str:
    names = [manifest.name(row) for row in rows[:2]]
    more = f" = ... ({len(rows) - 2:,} more)" if len(rows) > 2 else ""
    return " = ".join(names) + more


def _as_json(found: Found, manifest: Manifest) -> dict[str, Json]:
    kind, hits = found.kind, found.hits
    reasons = manifest.table["reason"]
    return {
        "code": kind.code,
        "severity": kind.severity,
        "title": kind.title,
        "advice": kind.advice,
        "count": hits.count,
        "unit": hits.unit,
        "details": list(hits.details),
        "names": list(hits.names),
        "images": [[_image(row, manifest, reasons[row].as_py()) for row in g] for g in hits.groups],
    }


def _image(row: int, manifest: Manifest, reason: str | None) -> dict[str, Json]:
    table = manifest.table
    image: dict[str, Json] = {
        "path": str(table["path"][row].as_py()),
        "split": str(table["split"][row].as_py()),
        "classes": [manifest.classes[place] for place in table["labels"][row].as_py()],
    }
    place = int(table["place"][row].as_py())
    if place >= 0:
        image["place"] = place
    if reason:
        image["reason"] = reason
    return image
