"""Images on disk to batches: one manifest, one preprocessing record, one way to decode."""

from striate.data.contents import contents, read_file
from striate.data.decode import UnreadableImageError, decode, picture_size
from striate.data.health import (
    Advance,
    Decoded,
    Unreadable,
    decode_all,
    refuse_many,
    save_unreadable,
    silent,
)
from striate.data.index import index
from striate.data.loader import (
    Batch,
    Loader,
    MemoryLoader,
    StreamLoader,
    fits_in_memory,
    make_loader,
    network_input,
)
from striate.data.manifest import SPLITS, Manifest, Split
from striate.data.splits import default_share, stratified, with_validation
from striate.data.transforms import Preprocessing
from striate.data.stored import load_manifest

__all__ = [
    "SPLITS",
    "Advance",
    "Batch",
    "Decoded",
    "Loader",
    "Manifest",
    "MemoryLoader",
    "Preprocessing",
    "Split",
    "StreamLoader",
    "Unreadable",
    "UnreadableImageError",
    "contents",
    "decode",
    "decode_all",
    "default_share",
    "fits_in_memory",
    "index",
    "load_manifest",
    "make_loader",
    "network_input",
    "picture_size",
    "read_file",
    "refuse_many",
    "save_unreadable",
    "silent",
    "stratified",
    "with_validation",
]
