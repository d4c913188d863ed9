"""The page of an evaluation: one file, with pictures, that needs neither network nor scripts."""

from striate.evaluate.report.gallery import STEPS
from striate.evaluate.report.story import Known, Story, read_log
from striate.evaluate.report.write import page, write_report
from striate.evaluate.report.wrong_labels import Suspect, wrong_labels

__all__ = ["STEPS", "Known", "Story", "Suspect", "page", "read_log", "write_report", "wrong_labels"]
