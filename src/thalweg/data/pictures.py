"""The bytes of image files as pixels, and back."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, DataError, fail
from thalweg.extras import needs

__all__ = ["decoded_picture", "encoded_picture"]

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def decoded_picture(raw: bytes, channels: int = 0, deep: bool = False) -> np.ndarray:
    """The pixels [height, width, channels] of an image file's bytes; 0 channels: as many as the file has.

    They are uint8, and the high halves of grey pixels of 16 bits, unless ``deep``: then such are uint16.
    """
    with needs("pillow", "decoding images"):
        from PIL import Image, UnidentifiedImageError
    if channels not in (0, *_MODES):
        raise fail(ArgumentError, "decoded_picture: channels", expected="0 to 4", received=channels)
    try:
        opened: Any = Image.open(io.BytesIO(raw))
        if opened.mode.startswith("I") and channels in (0, 1, 3):
            grey = np.asarray(opened).astype(np.uint16)[..., None]
            return np.repeat(grey if deep else (grey >> 8).astype(np.uint8), max(channels, 1), -1)
        own = opened.mode if opened.mode in _MODES.values() else "L" if opened.mode == "1" else "RGB"
        picture = np.asarray(opened.convert(_MODES.get(channels, own)))
    except (UnidentifiedImageError, OSError) as error:
        raise DataError(f"decoding images: the {len(raw)} bytes are no image: {error}") from None
    return picture if picture.ndim == 3 else picture[..., None]


def decoded_frames(raw: bytes) -> np.ndarray:
    """The pictures [frames, height, width, 3], uint8, of the bytes of an animation."""
    with needs("pillow", "decoding images"):
        from PIL import Image, ImageSequence, UnidentifiedImageError
    try:
        opened = Image.open(io.BytesIO(raw))
        return np.stack([np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(opened)])
    except (UnidentifiedImageError, OSError) as error:
        raise DataError(f"decoding images: the {len(raw)} bytes are no image: {error}") from None


def encoded_picture(pixels: np.ndarray, form: str, **settings: Any) -> bytes:
    """The bytes of a file of uint8 pixels [height, width, channels]; ``form``: PNG, JPEG or another that Pillow has."""
    with needs("pillow", "encoding images"):
        from PIL import Image
    held = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(held, form, **settings)
    return held.getvalue()
