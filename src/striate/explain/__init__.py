"""Where a trained network looks, and what its units see."""

from striate.explain.explanation import Explainer, Explanation
from striate.explain.fields import Sight, Square, effective_field, placed
from striate.explain.grad_cam import grad_cam
from striate.explain.layer import Layer, chosen_layer
from striate.explain.picture import drawn
from striate.explain.probe import Probe, probe_at
from striate.explain.sanity import Look, cascade, is_sound, rank_correlation

__all__ = [
    "Explainer",
    "Explanation",
    "Layer",
    "Look",
    "Probe",
    "Sight",
    "Square",
    "cascade",
    "chosen_layer",
    "drawn",
    "effective_field",
    "grad_cam",
    "is_sound",
    "placed",
    "probe_at",
    "rank_correlation",
]
