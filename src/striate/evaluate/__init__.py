"""Numbers about a trained network: what it says about images, and how right that is."""

from striate.evaluate.classify import Answers, answers, log_probabilities_of
from striate.evaluate.metrics import ClassScore, Interval, Scores, confusion_counts, score, wilson
from striate.evaluate.text import accuracy_line, class_table, mistakes_line

__all__ = [
    "Answers",
    "ClassScore",
    "Interval",
    "Scores",
    "accuracy_line",
    "answers",
    "class_table",
    "confusion_counts",
    "log_probabilities_of",
    "mistakes_line",
    "score",
    "wilson",
]
