"""Odd colours: 16 bits, inks, palettes, transparency, few bits. All of them are right."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
from PIL import Image

from tests.data.faults.case import LOSSY, Case, legal
from tests.data.faults.drawn import (
    PALETTE,
    checked,
    eight_bit,
    grey_slope,
    over,
    places,
    ramp16,
    slope,
)
from tests.data.faults.written import (
    black_and_white,
    indexed,
    jpeg,
    png,
    saved,
    tiff,
    without_segment,
)


def legal_colours() -> Iterator[Case]:
    """All of them."""
    yield from _sixteen_bits()
    yield from _inks()
    yield from _palettes_and_alpha()
    yield from _bits_and_scans()


def _sixteen_bits() -> Iterator[Case]:
    # The upper byte and the nearest level differ by one at most; records know both.
    kind = (
        "16 bits, also with colours, alpha or a key: scaled, 65535 becomes 255; nothing is clipped"
    )
    ramp, shown = ramp16(), eight_bit(ramp16())
    yield legal("ramp16.png", kind, png(ramp, 0, depth=16), shown, tolerance=1)
    yield legal("ramp16.tif", kind, tiff(ramp, photometric="minisblack"), shown, tolerance=1)
    swapped = tiff(ramp, photometric="minisblack", byteorder=">")
    yield legal("ramp16-big-endian.tif", kind, swapped, shown, tolerance=1)
    white_is_0 = tiff(65535 - ramp, photometric="miniswhite")
    yield legal("ramp16-white-is-zero.tif", kind, white_is_0, shown, tolerance=1)
    lzw = tiff(ramp, photometric="minisblack", compression="zlib", predictor=2)
    yield legal("ramp16-deflate.tif", kind, lzw, shown, tolerance=1)
    yield legal(
        "ramp16.pgm", kind, b"P5 16 24 65535\n" + ramp.astype(">u2").tobytes(), shown, tolerance=1
    )
    # The head of a PGM file states its white: 4095 for a camera of 12 bits.
    twelve = ramp // 16
    level = np.round(twelve / 4095 * 255).astype(np.uint8)
    raw = b"P5 16 24 4095\n" + twelve.astype(">u2").tobytes()
    yield legal("ramp12.pgm", kind, raw, level, tolerance=1)
    colours = np.stack([ramp, ramp[::-1], ramp[:, ::-1]], axis=2)
    yield legal("colours16.png", kind, png(colours, 2, depth=16), eight_bit(colours), tolerance=1)
    yield legal("colours16.tif", kind, tiff(colours), eight_bit(colours), tolerance=1)
    opacity = np.where(np.arange(24)[:, None] < 12, 0, 65535).astype(np.uint16)
    opacity = np.broadcast_to(opacity, ramp.shape)
    seen = np.where(opacity == 0, 255, shown).astype(np.uint8)
    both = np.stack([ramp, opacity], axis=2)
    yield legal("grey-alpha16.png", kind, png(both, 4, depth=16), seen, tolerance=1)
    four = np.dstack([colours, opacity])
    rgba = over(eight_bit(colours), eight_bit(opacity))
    yield legal("rgba16.png", kind, png(four, 6, depth=16), rgba, tolerance=1)
    hidden = ramp.copy()
    hidden[:6] = 1000
    keyed = png(hidden, 0, depth=16, extra=[(b"tRNS", struct.pack(">H", 1000))])
    seen = np.where(hidden == 1000, 255, eight_bit(hidden)).astype(np.uint8)
    yield legal("key16.png", kind, keyed, seen, tolerance=1)


def _inks() -> Iterator[Case]:
    kind = (
        "CMYK and YCCK, with Adobe's inverted inks or without the marker, RGB in JPEG: "
        "converted, red stays red"
    )
    inks = np.zeros((24, 16, 4), np.uint8)
    inks[:, :8, 1:3] = 255  # magenta and yellow: red
    inks[:, 8:] = (200, 40, 0, 80)
    paper = 255.0 - inks
    shown = np.round(paper[:, :, :3] * paper[:, :, 3:] / 255).astype(np.uint8)
    image = Image.fromarray(inks, "CMYK")
    adobe = saved(image, "JPEG", quality=98, subsampling=0)
    assert b"Adobe" in adobe
    yield legal("cmyk-adobe.jpg", kind, adobe, shown, tolerance=LOSSY)
    plain = without_segment(adobe, 0xEE)
    yield legal("cmyk-no-marker.jpg", kind, plain, shown, tolerance=LOSSY)
    yield legal("ycck.jpg", kind, _ycck(inks), shown, tolerance=LOSSY)
    yield legal("cmyk.tif", kind, saved(image, "TIFF"), shown, tolerance=1)
    rgb = jpeg(slope(), keep_rgb=True)
    yield legal("rgb-not-ycc.jpg", kind, rgb, slope(), tolerance=LOSSY)


def _palettes_and_alpha() -> Iterator[Case]:
    kind = "palette: its colours are read"
    colours = (b"PLTE", PALETTE.tobytes())
    yield legal("palette.png", kind, png(places(), 3, extra=[colours]), PALETTE[places()])
    two_bits = png(places(), 3, depth=2, extra=[colours])
    yield legal("palette-2-bit.png", kind, two_bits, PALETTE[places()])
    kind = (
        "transparency (RGBA, palette, colour key): the background of the record shows, "
        "white unless set; hidden colours never do"
    )
    some = np.array([0, 255, 255, 255], np.uint8)  # the red of the palette is not to be seen
    seen = over(PALETTE[places()], some[places()])
    hidden = png(places(), 3, extra=[colours, (b"tRNS", b"\0")])
    yield legal("palette-transparent.png", kind, hidden, seen)
    yield legal("transparent.gif", kind, indexed("GIF", transparency=0), seen)
    half = np.array([0, 64, 128, 255], np.uint8)
    veiled = png(places(), 3, extra=[colours, (b"tRNS", half.tobytes())])
    expected = over(PALETTE[places()], half[places()])
    yield legal("palette-half.png", kind, veiled, expected, tolerance=1)
    opacity = np.repeat(np.linspace(0, 255, 24).astype(np.uint8)[:, None], 16, axis=1)
    seen = over(slope(), opacity)
    rgba = np.dstack([slope(), opacity])
    yield legal("rgba.png", kind, png(rgba, 6), seen, tolerance=1)
    # `exact` keeps the hidden colours, which pillow would else blacken.
    webp = saved(rgba, "WEBP", lossless=True, exact=True)
    yield legal("rgba.webp", kind, webp, seen, tolerance=1)
    straight = tiff(rgba, extrasamples=["unassalpha"])
    yield legal("rgba.tif", kind, straight, seen, tolerance=1)
    both = np.dstack([grey_slope(), opacity])
    grey = over(np.repeat(grey_slope()[:, :, None], 3, axis=2), opacity)
    yield legal("grey-alpha.png", kind, png(both, 4), grey, tolerance=1)
    key = (b"tRNS", struct.pack(">HHH", 0, 0, 40))  # the first pixel of the slope
    keyed = slope()
    keyed[0, 0] = 255
    yield legal("colour-key.png", kind, png(slope(), 2, extra=[key]), keyed)
    grey_key = (b"tRNS", struct.pack(">H", 0))
    keyed = grey_slope()
    keyed[0, 0] = 255
    yield legal("grey-key.png", kind, png(grey_slope(), 0, extra=[grey_key]), keyed)


def _bits_and_scans() -> Iterator[Case]:
    kind = "1, 2 or 4 bits, grey: read; grey is repeated for a network of three channels"
    board = checked()
    yield legal("1-bit.png", kind, png(board // 255, 0, depth=1), board)
    yield legal("2-bit.png", kind, png(places(), 0, depth=2), places() * 85)
    levels = (grey_slope() // 16).astype(np.uint8)
    yield legal("4-bit.png", kind, png(levels, 0, depth=4), levels * 17)
    yield legal("1-bit.pbm", kind, saved(black_and_white(), "PPM"), board)
    grey = saved(grey_slope(), "JPEG", quality=95)
    yield legal("grey.jpg", kind, grey, grey_slope(), tolerance=LOSSY)
    kind = "interlaced, progressive, sub-sampled, with restart markers: read"
    yield legal("interlaced.png", kind, png(slope(), 2, interlaced=True), slope())
    deep = png(ramp16(), 0, depth=16, interlaced=True)
    yield legal("interlaced16.png", kind, deep, eight_bit(ramp16()), tolerance=1)
    scans = jpeg(slope(), progressive=True)
    yield legal("progressive.jpg", kind, scans, slope(), tolerance=LOSSY)
    coarse = saved(slope(), "JPEG", quality=95, subsampling=2)
    yield legal("4-2-0.jpg", kind, coarse, slope(), tolerance=2 * LOSSY)
    marks = jpeg(slope(), restart_marker_blocks=1)
    yield legal("restart-markers.jpg", kind, marks, slope(), tolerance=LOSSY)


def _ycck(inks: np.ndarray) -> bytes:
    """Inks as Adobe's YCCK: the three colours as YCbCr of JFIF, the black inverted."""
    cyan, magenta, yellow = (inks[:, :, place].astype(float) for place in range(3))
    luma = 0.299 * cyan + 0.587 * magenta + 0.114 * yellow
    blue = 128 + (yellow - luma) / 1.772
    red = 128 + (cyan - luma) / 1.402
    planes = np.stack([luma, blue, red, 255.0 - inks[:, :, 3]], axis=2)
    # Pillow inverts what it writes as CMYK, so it is handed the inverse.
    raw = (255 - np.clip(np.round(planes), 0, 255)).astype(np.uint8)
    content = bytearray(saved(Image.fromarray(raw, "CMYK"), "JPEG", quality=98, subsampling=0))
    start = content.index(b"Adobe")
    assert content[start + 11] == 0
    content[start + 11] = 2  # the transform: YCCK
    return bytes(content)
