"""Numbers that a test and a peer library both make for themselves, so that files hold the peer's answers only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np


def numbers(shape: Any, start: int = 0) -> np.ndarray:
    """Numbers in (-1, 1) without a pattern, in float64: the same wherever they are made."""
    count = int(np.prod(shape, dtype=np.int64))
    words = (np.arange(count, dtype=np.uint64) + np.uint64(1 + 7919 * start)) * np.uint64(0x9E3779B97F4A7C15)
    words ^= words >> np.uint64(29)
    words *= np.uint64(0xBF58476D1CE4E5B9)
    words ^= words >> np.uint64(32)
    return ((words >> np.uint64(40)).astype(np.float64) / 2**23 - 1).reshape(shape)


def weights(shapes: dict[str, Any]) -> dict[str, np.ndarray]:
    """A value for each name: numbers; positive ones for variances."""
    found = {name: numbers(shape, 100 + k) for k, (name, shape) in enumerate(sorted(shapes.items()))}
    return {name: np.abs(v) + 0.5 if "var" in name else v for name, v in found.items()}


def write(path: Path, answers: dict[str, Any]) -> None:
    """The answers as JSON, one name a line."""
    lines = [f"{json.dumps(name)}: {json.dumps(_plain(value))}" for name, value in answers.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: v if name == "state" else _plain(v) for name, v in value.items()}
    return np.asarray(value, np.float64).tolist()
