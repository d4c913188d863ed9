"""Training: from a network and images to a run folder that can be evaluated and used."""

from striate.options import Options, Precision
from striate.train.finish import Outcome
from striate.train.fit import fit
from striate.train.folder import LOG, MANIFEST, NETWORK, SETTINGS
from striate.train.pictures.preview import Shown, check_picture_name, save_preview
from striate.train.pictures.show_batch import ShownBatch, show_batch
from striate.train.reporter import Reporter, Silent, Terminal
from striate.train.saving.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from striate.train.settings import Settings

__all__ = [
    "LOG",
    "MANIFEST",
    "NETWORK",
    "SETTINGS",
    "Checkpoint",
    "Options",
    "Outcome",
    "Precision",
    "Reporter",
    "Settings",
    "Shown",
    "ShownBatch",
    "Silent",
    "Terminal",
    "check_picture_name",
    "fit",
    "load_checkpoint",
    "save_checkpoint",
    "save_preview",
    "show_batch",
]
