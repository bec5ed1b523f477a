"""How many cores of this machine are ours."""

from __future__ import annotations

import os
import sys

from thalweg.errors import ArgumentError, fail

AT_LEAST_ONE = "an integer of at least 1"


def num_cores() -> int:
    """Threads to use unless somebody says otherwise: THALWEG_NUM_THREADS, or the cores that are ours."""
    text = os.environ.get("THALWEG_NUM_THREADS", "").strip()
    if not text:
        return max(1, min(_usable_cores(), _quota()))
    if not text.isdecimal() or int(text) < 1:
        raise fail(ArgumentError, "threads: THALWEG_NUM_THREADS", expected=AT_LEAST_ONE, received=repr(text))
    return int(text)


def _usable_cores() -> int:
    """Physical cores among our processors: two threads on one core would share its multipliers."""
    if not hasattr(os, "sched_getaffinity"):
        return os.cpu_count() or 1
    return len({_siblings(cpu) for cpu in os.sched_getaffinity(0)})


def _siblings(cpu: int) -> str:
    text = _text(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
    return text or str(cpu)


def _quota() -> int:
    """Whole processors that a container's limit leaves us; threads beyond it would be stopped in turn."""
    quota, _, period = _text("/sys/fs/cgroup/cpu.max").partition(" ")
    if not (quota.isdecimal() and period.isdecimal()):
        return sys.maxsize
    return max(1, int(quota) // max(1, int(period)))


def _text(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except (OSError, UnicodeDecodeError):
        return ""
