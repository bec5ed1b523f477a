"""How many of the names that classic programs use are supplied, weighted by how many programs use them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from thalweg.compat import aliases, eager, names, tf1

NAMES = Path(__file__).resolve().parents[3] / "shared" / "compat-names.md"

pytestmark = pytest.mark.skipif(not NAMES.is_file(), reason="the list ../shared/compat-names.md is not there")


def supplied(name: str) -> bool:
    return any(_has(room, name) for room in (tf1, eager))


def _has(room: object, name: str) -> bool:
    thing: object = room
    for part in name.split(".")[1:]:
        thing = getattr(thing, part, None)
        if thing is None:
            return False
    return True


def part() -> str:
    return NAMES.read_text(encoding="utf-8").split("## TensorFlow 0.x and 1.x")[1].split("\n## ")[0]


def test_names_of_two_programs_or_more() -> None:
    rows = [(n, int(c)) for n, c in re.findall(r"^\| `(tf\.[^`]+)` \| (\d+)", part(), re.MULTILINE)]
    share = sum(c for n, c in rows if supplied(n)) / sum(c for _, c in rows)
    print(f"names by use: {share:.2%}; missing: {[n for n, _ in rows if not supplied(n)]}")
    assert share >= 0.98


def test_names_of_one_program() -> None:
    once = re.findall(r"`(tf\.[^`]+)`", part().split("Once each:")[1])
    share = sum(map(supplied, once)) / len(once)
    missing = [n for n in once if not supplied(n)]
    print(f"names used once: {share:.2%}; missing: {missing}")
    assert share >= 0.85
    assert all(map(names.reason, missing)), [n for n in missing if names.reason(n) is None]


# Trained networks, whose weights do not come with the library.
NETWORKS = {"VGG16", "VGG19", "InceptionV3"}


def supplied_by_keras(name: str) -> bool:
    try:
        aliases.resolve(name, aliases.ALIASES["keras"])
    except (aliases.AliasError, AttributeError):
        return False
    return name.rsplit(".", 1)[-1] not in NETWORKS


def test_names_of_keras() -> None:
    listed = NAMES.read_text(encoding="utf-8").split("## TensorFlow 2 and Keras")[1]
    rows = [(n, int(c)) for n, c in re.findall(r"^\| `(keras\.[^`]+)` \| (\d+)", listed, re.MULTILINE)]
    share = sum(c for n, c in rows if supplied_by_keras(n)) / sum(c for _, c in rows)
    print(f"names by use: {share:.2%}; missing: {[n for n, _ in rows if not supplied_by_keras(n)]}")
    assert share >= 0.97


def supplied_by_theano(name: str) -> bool:
    try:
        aliases.resolve(re.sub(r"^T\b", "theano.tensor", name), aliases.ALIASES["theano"])
    except (aliases.AliasError, AttributeError):
        return False
    return True


def test_names_of_theano_and_lasagne() -> None:
    listed = NAMES.read_text(encoding="utf-8").split("## Theano")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `((?:T|theano|lasagne)\.[^`]+)` \|", listed, re.MULTILINE)
    once = [
        n
        for part in listed.split("Once each:")[1:]
        for n in re.findall(r"`((?:T|theano|lasagne)\.[^`]+)`", part)
    ]
    missing = [n for n in rows + once if not supplied_by_theano(n)]
    print(f"{len(rows)} names of two programs or more, {len(once)} of one; missing: {missing}")
    assert len(rows) > 60 and len(once) > 60
    assert missing == ["theano.sandbox.cuda.CudaNdarray.zeros"]  # an array on a device
