"""Image files as the model beside this one takes them: numpy and pillow, none of striate.

    session = onnxruntime.InferenceSession("model.onnx")
    record = json.loads(session.get_modelmeta().custom_metadata_map["preprocessing"])
    session.run(None, {session.get_inputs()[0].name: network_input(record, "cat.jpg")})

Rare TIFFs (over 4 bands, 12 bits, white as zero) are left out, and files are trusted.
"""

import io
from typing import Any

import numpy as np
from PIL import Image, ImageOps


def network_input(record: dict[str, Any], *files: str) -> np.ndarray:
    """Float32 N×C×H×W of files; `record` is the `preprocessing` in the model's metadata."""
    images = np.stack([shown(record, file) for file in files]) / np.float32(255)
    images = (images - np.float32(record["mean"])) / np.float32(record["deviation"])
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2))


def shown(record: dict[str, Any], file: str) -> np.ndarray:
    """The part of a picture that the network sees: uint8 H×W×C."""
    is_array = file.endswith(".npy")
    image: Any = np.load(file) if is_array else Image.open(io.BytesIO(np.fromfile(file, "u1")))
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
    scale = pixels.shape[1::-1] / size
    box: Any = [*(size - crop) / 2 * scale, *(size + crop) / 2 * scale]
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
    image = Image.fromarray(pixels.squeeze()) if image is pixels else image
    if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
        above, image = image, Image.new("RGBA", image.size, (*record["background"], 255))
        image.alpha_composite(above.convert("RGBA"))
    return np.atleast_3d(np.asarray(image.convert("L" if record["colour"] == "grey" else "RGB")))
