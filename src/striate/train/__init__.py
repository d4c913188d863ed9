"""Training: from a network and images to a run folder that can be evaluated and used."""

from striate.train.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from striate.train.fit import fit
from striate.train.folder import LOG, MANIFEST, NETWORK, SETTINGS
from striate.train.loop import Outcome
from striate.train.reporter import Reporter, Silent, Terminal
from striate.train.settings import Options, Precision, Settings

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
    "Silent",
    "Terminal",
    "fit",
    "load_checkpoint",
    "save_checkpoint",
]
