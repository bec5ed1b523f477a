"""The bytes of image files as pixels, and back."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, DataError, fail
from thalweg.extras import needs

__all__ = ["decoded_picture", "encoded_picture"]

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def decoded_picture(raw: bytes, channels: int = 0) -> np.ndarray:
    """The pixels [height, width, channels], uint8, of an image file's bytes; 0 channels: as many as the file has."""
    with needs("pillow", "decoding images"):
        from PIL import Image, UnidentifiedImageError
    if channels not in (0, *_MODES):
        raise fail(ArgumentError, "decoded_picture: channels", expected="0 to 4", received=channels)
    try:
        opened: Any = Image.open(io.BytesIO(raw))
        own = opened.mode if opened.mode in _MODES.values() else "L" if opened.mode == "1" else "RGB"
        picture = np.asarray(opened.convert(_MODES.get(channels, own)))
    except (UnidentifiedImageError, OSError) as error:
        raise DataError(f"decoding images: the {len(raw)} bytes are no image: {error}") from None
    return picture if picture.ndim == 3 else picture[..., None]


def encoded_picture(pixels: np.ndarray, form: str, **settings: Any) -> bytes:
    """The bytes of a file of uint8 pixels [height, width, channels]; ``form``: PNG, JPEG or another that Pillow has."""
    with needs("pillow", "encoding images"):
        from PIL import Image
    held = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(held, form, **settings)
    return held.getvalue()
