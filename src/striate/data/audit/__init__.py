"""What may spoil a training, found before it: damaged files, copies, odd classes."""

from striate.data.audit.duplicates import duplicate_groups
from striate.data.audit.quick import QuickAudit, quick_audit
from striate.data.audit.report import save_report
from striate.data.audit.scan import Limits, Scan, scan
from striate.data.audit.thumbnails import small_picture
from striate.data.audit.told import document, summary

__all__ = [
    "Limits",
    "QuickAudit",
    "Scan",
    "document",
    "duplicate_groups",
    "quick_audit",
    "save_report",
    "scan",
    "small_picture",
    "summary",
]
