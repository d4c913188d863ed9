"""Links that lead out of the data folder."""

from __future__ import annotations

from striate.data.audit.finding import Finding, left_behind
from striate.data.layouts._search import LINKS_OUT

FINDING = Finding(
    code="outside-link",
    severity="warning",
    topic="folder",
    title="links that lead out of the data folder",
    sentence="They are left out, unless --follow-links is given.",
    advice="copy the images into the folder, or give --follow-links",
    check=left_behind(LINKS_OUT, unit="links"),
)
