"""The machine code of a step: from the cache on disk, or else written, compiled and kept there.

The name in the cache is taken from what the writing reads, so a step that is kept there is not even written.
"""

from __future__ import annotations

import gc
import itertools
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import llvmlite
import llvmlite.binding as llvm
from llvmlite import ir

from thalweg.compile import cache
from thalweg.compile.canonical import UnwritableError, Writer
from thalweg.compile.dims import Dim
from thalweg.compile.groups import Kernel
from thalweg.compile.llvm import PASSES, NativeCode, Objects, emit_object, load_object
from thalweg.compile.step import Step
from thalweg.compile.target import host_target
from thalweg.version import __version__, sources_digest

_WORTH_KEEPING = 0.05  # seconds of writing and compiling: less is not worth a file
_HEAD = 8  # bytes in which the length of a file's first part is written


def compiled(step: Step, runs: Sequence[Sequence[Kernel]]) -> tuple[NativeCode | None, list[str]]:
    """Machine code with one function for each run of kernels, and their names."""
    if not runs:
        return None, []
    writer = Writer()
    name = _name(writer, step, runs)
    names = [f"step{k}" for k in range(len(runs))]
    kept = None if name is None else cache.load(name)
    if kept is not None:
        return load_object(_unpacked(kept, step, writer), names), names
    begun = time.perf_counter()
    objects = Objects(step.target)
    with _uncollected():
        for run, function in zip(runs, names, strict=True):
            step.native(run, function, objects.add)
        step.finish()
        made = objects.finish(step.module)
    if name is not None and time.perf_counter() - begun >= _WORTH_KEEPING:
        cache.store(name, _packed(made, step, writer))
    return load_object(made, names), names


@contextmanager
def _uncollected() -> Iterator[None]:
    """Inside, nobody looks for garbage: what is being written is alive, and is so much that looking takes long."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _name(writer: Writer, step: Step, runs: Sequence[Sequence[Kernel]]) -> str | None:
    """The name of the step's machine code in the cache; None where its text or the sources are not to be had."""
    sources = sources_digest()
    if sources is None:
        return None
    try:
        writer.write((step.target, step.schedule, step.loops, runs))
    except UnwritableError:
        return None
    return cache.key([writer.text(), *PASSES, *_versions(sources)])


def module_code(what: str, names: list[str], write: Callable[[], ir.Module]) -> NativeCode:
    """Machine code of a module that is the same in every process, with the functions of these names."""
    sources, target = sources_digest(), host_target()
    facts = [what, target.triple, target.cpu, target.features]
    name = None if sources is None else cache.key([*facts, *PASSES, *_versions(sources)])
    made = None if name is None else cache.load(name)
    if made is None:
        made = emit_object(write(), target)
        if name is not None:
            cache.store(name, made)
    return load_object([made], names)


def _versions(sources: str) -> list[str]:
    return [__version__, sources, llvmlite.__version__, ".".join(map(str, llvm.llvm_version_info))]


def _packed(objects: Sequence[bytes], step: Step, writer: Writer) -> bytes:
    """Object code, and before it what the writing found out about the step."""
    found = {
        "table": [writer.number(tensor) for tensor in step.table],
        "workspaces": [_terms(size) for size in step.workspaces],
        "parallel": step.parallel,
        "sizes": [len(each) for each in objects],
    }
    head = json.dumps(found).encode()
    return b"".join([len(head).to_bytes(_HEAD, "little"), head, *objects])


def _unpacked(data: bytes, step: Step, writer: Writer) -> list[bytes]:
    """The object code, after the step has been told what its writing found out."""
    end = _HEAD + int.from_bytes(data[:_HEAD], "little")
    found = json.loads(data[_HEAD:end])
    for number in found["table"]:
        step.slot(writer.tensors[number])
    step.workspaces[:] = [_size(terms) for terms in found["workspaces"]]
    step.parallel = found["parallel"]
    ends = list(itertools.accumulate(found["sizes"], initial=end))
    return [data[a:b] for a, b in itertools.pairwise(ends)]


def _terms(size: int) -> Any:
    return [int(size), [[list(m), c] for m, c in size.terms.items()]] if isinstance(size, Dim) else int(size)


def _size(terms: Any) -> int:
    return terms if isinstance(terms, int) else Dim(terms[0], {tuple(m): c for m, c in terms[1]})
