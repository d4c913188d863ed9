"""Numbers about a trained network: what it says about images, and how right that is."""

from striate.evaluate.assess import Circumstances, assess
from striate.evaluate.calibration import Calibration, calibrate
from striate.evaluate.classify import (
    Answers,
    answers,
    logits_of,
    unreadable_of,
)
from striate.evaluate.evaluation import Evaluation, Subject
from striate.evaluate.intervals import Estimate, Interval, wilson
from striate.evaluate.metrics import (
    SELECTIONS,
    ClassScore,
    Scores,
    confusion_counts,
    score,
    score_answers,
    score_several,
    selection,
)
from striate.evaluate.predictions import Predictions, load_predictions
from striate.evaluate.text import accuracy_line, class_table

__all__ = [
    "SELECTIONS",
    "Answers",
    "Calibration",
    "Circumstances",
    "ClassScore",
    "Estimate",
    "Evaluation",
    "Interval",
    "Predictions",
    "Scores",
    "Subject",
    "accuracy_line",
    "answers",
    "assess",
    "calibrate",
    "class_table",
    "confusion_counts",
    "load_predictions",
    "logits_of",
    "score",
    "score_answers",
    "score_several",
    "selection",
    "unreadable_of",
    "wilson",
]
