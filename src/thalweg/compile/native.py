"""The machine code of a step: from the cache on disk, or else written, compiled and kept there.

The name in the cache is taken from what the writing reads, so a step that is kept there is not even written.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from thalweg.compile import cache
from thalweg.compile.canonical import UnwritableError, Writer
from thalweg.compile.groups import Kernel
from thalweg.compile.kept import packed, parted, step_code, versions
from thalweg.compile.llvm import PASSES, NativeCode, Objects, load_object
from thalweg.compile.plan import meant, said
from thalweg.compile.step import Step
from thalweg.version import sources_digest

_WORTH_KEEPING = 0.02  # seconds of writing and compiling: less is not worth a file the first time
_not_kept: set[str] = set()  # the names of what this process compiled in less


def compiled(step: Step, runs: Sequence[Sequence[Kernel]]) -> tuple[NativeCode | None, list[str], str | None]:
    """Machine code with one function for each run of kernels, and their names; the name under which it is kept on disk,
    None where it is not.
    """
    if not runs:
        return None, [], None
    writer = Writer()
    name = _name(writer, step, runs)
    names = [f"step{k}" for k in range(len(runs))]
    kept = None if name is None else cache.load(name)
    if kept is not None:
        assert name is not None
        return step_code(name, _unpacked(kept, step, writer), names), names, name
    begun = time.perf_counter()
    objects = Objects(step.target)
    for run, function in zip(runs, names, strict=True):
        step.native(run, function, objects.add)
    step.finish()
    made = objects.finish(step.module)
    if name is not None and (name in _not_kept or time.perf_counter() - begun >= _WORTH_KEEPING):
        cache.store(name, _packed(made, step, writer))
        return step_code(name, made, names), names, name
    if name is not None:
        _not_kept.add(name)
    return load_object(made, names), names, None


def _name(writer: Writer, step: Step, runs: Sequence[Sequence[Kernel]]) -> str | None:
    """The name of the step's machine code in the cache; None where its text or the sources are not to be had."""
    sources = sources_digest()
    if sources is None:
        return None
    try:
        writer.write((step.target, step.schedule, step.loops, runs))
    except UnwritableError:
        return None
    return cache.key([writer.text(), *PASSES, *versions(sources)])


def _packed(objects: Sequence[bytes], step: Step, writer: Writer) -> bytes:
    """Object code, and before it what the writing found out about the step."""
    found = {
        "table": [writer.number(tensor) for tensor in step.table],
        "workspaces": said(step.workspaces),
        "parallel": step.parallel,
    }
    return packed(found, objects)


def _unpacked(data: bytes, step: Step, writer: Writer) -> list[bytes]:
    """The object code, after the step has been told what its writing found out."""
    found, objects = parted(data)
    for number in found["table"]:
        step.slot(writer.tensors[number])
    step.workspaces[:] = meant(found["workspaces"])
    step.parallel = found["parallel"]
    return objects
