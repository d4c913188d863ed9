"""Image files as the model beside this one takes them: numpy and pillow, none of striate.

    session = onnxruntime.InferenceSession("model.onnx")
    record = json.loads(session.get_modelmeta().custom_metadata_map["preprocessing"])
    session.run(None, {session.get_inputs()[0].name: network_input(record, "cat.jpg")})

Rare TIFFs (over 4 bands, 12 bits, white as zero) are left out, and files are trusted.
"""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps


def network_input(record: dict[str, Any], *files: str) -> np.ndarray:
    """Float32 N×C×H×W of files; `record` is the `preprocessing` in the model's metadata."""
    images = np.stack([shown(record, file) for file in files]) / 255 - record["mean"]
    return np.ascontiguousarray((images / record["deviation"]).transpose(0, 3, 1, 2), "f4")


def shown(record: dict[str, Any], file: str) -> np.ndarray:
    """The part of a picture that the network sees: uint8 H×W×C."""
    is_array, content = file.endswith(".npy"), BytesIO(Path(file).read_bytes())
    image: Any = np.load(content) if is_array else Image.open(content)
    size = np.array(image.shape[1::-1] if is_array else image.size)
    if not is_array and image.format != "TIFF" and image.getexif().get(0x0112) in (5, 6, 7, 8):
        size = size[::-1]  # it lies on its side; a TIFF has been turned by pillow
    wanted = np.array([record["width"], record["height"]])
    crop = size if record["resize"] == "stretch" else np.minimum(wanted * min(size / wanted), size)
    crop = crop * record["crop_share"]
    if not is_array:
        most = min(crop / wanted) / (record["reducing_gap"] or np.inf) * 1.000001
        step = max(step for step in (1, 2, 4, 8) if step <= max(most, 1))
        image.draft(None, (image.width // step, image.height // step))  # acts on JPEG only
        image = ImageOps.exif_transpose(image)
    pixels = coloured(record, image)
    box: Any = (*(np.stack([size - crop, size + crop]) / size * pixels.shape[1::-1] / 2).flat,)
    kind = Image.Resampling[record["interpolation"].upper()]
    bands = [Image.fromarray(band) for band in np.moveaxis(pixels, 2, 0)]
    return np.dstack([np.asarray(band.resize(wanted, kind, box)) for band in bands])


def coloured(record: dict[str, Any], image: Any) -> np.ndarray:
    """A picture as uint8 h×w×C in the record's colours."""
    pixels = np.atleast_3d(np.asarray(image))
    if pixels.dtype.itemsize > 1:
        is_high = record["sixteen_bit"] == "high-byte"
        image = pixels = (pixels >> 8 if is_high else np.rint(pixels / 257)).astype("u1")
    if record["colour"] == "bands":
        return pixels
    if isinstance(image, np.ndarray):
        image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
        above, image = image, Image.new("RGBA", image.size, (*record["background"], 255))
        image.alpha_composite(above.convert("RGBA"))
    return np.atleast_3d(np.asarray(image.convert("L" if record["colour"] == "grey" else "RGB")))
