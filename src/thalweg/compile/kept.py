"""What is kept on disk of machine code: the form of its files, and what decides about it beside what is compiled."""

from __future__ import annotations

import itertools
import json
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import llvmlite
import llvmlite.binding as llvm
from llvmlite import ir

from thalweg.compile import cache
from thalweg.compile.llvm import PASSES, NativeCode, emit_object, load_object
from thalweg.compile.target import host_target
from thalweg.version import __version__, sources_digest

_HEAD = 8  # bytes in which the length of a file's first part is written


def versions(sources: str) -> list[str]:
    """What else decides about machine code than what is compiled: the sources of this package, and LLVM."""
    return [__version__, sources, llvmlite.__version__, ".".join(map(str, llvm.llvm_version_info))]


def packed(told: Any, parts: Sequence[bytes]) -> bytes:
    """What JSON can say, and parts behind it, for `parted`."""
    head = json.dumps([told, [len(part) for part in parts]]).encode()
    return b"".join([len(head).to_bytes(_HEAD, "little"), head, *parts])


def parted(data: bytes) -> tuple[Any, list[bytes]]:
    """What `packed` was told, and its parts."""
    end = _HEAD + int.from_bytes(data[:_HEAD], "little")
    told, sizes = json.loads(data[_HEAD:end])
    ends = list(itertools.accumulate(sizes, initial=end))
    return told, [data[a:b] for a, b in itertools.pairwise(ends)]


_alive: weakref.WeakValueDictionary[str, NativeCode] = weakref.WeakValueDictionary()


def step_code(name: str, objects: Sequence[bytes], names: list[str]) -> NativeCode:
    """The machine code that is kept under a name: programs that are alike share it while any of them lives."""
    code = _alive.get(name)
    if code is None:
        code = _alive[name] = load_object(objects, names)
    return code


def module_code(what: str, names: list[str], write: Callable[[], ir.Module]) -> NativeCode:
    """Machine code of a module that is the same in every process, with the functions of these names."""
    sources, target = sources_digest(), host_target()
    facts = [what, target.triple, target.cpu, target.features]
    name = None if sources is None else cache.key([*facts, *PASSES, *versions(sources)])
    made = None if name is None else cache.load(name)
    if made is None:
        made = emit_object(write(), target)
        if name is not None:
            cache.store(name, made)
    return load_object([made], names)
