"""Random changes of training images: views while reading, all else for whole batches."""

from striate.data.augment.batched import Augmented, Augmenter
from striate.data.augment.moves import Edges
from striate.data.augment.plan import Augmentation, Draws, Mix, draw
from striate.data.augment.views import RandomCrop, View

__all__ = [
    "Augmentation",
    "Augmented",
    "Augmenter",
    "Draws",
    "Edges",
    "Mix",
    "RandomCrop",
    "View",
    "draw",
]
