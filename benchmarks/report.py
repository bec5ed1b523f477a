"""From measurements to numbers: ratios to the peers, shares of the machine's limits, the tables and the JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from benchmarks.rounds import Result
from benchmarks.steps import STEPS, Step

EXPLANATION = """\
us per training step: median and best of wall time, mean of processor time (all threads, waiting ones too);
ratio: the median, over the rounds, of this framework's median over ours in the same round; above 1, ours is faster;
answer, test, many: us, median, for the prediction of one example, for that of all test examples at once, and for
each of many steps in one call; peak, memory: shares of the multiply-add rate and of the bandwidth measured between
the rounds, at the best step (weights that a cache keeps can take more than the bandwidth); cold, cached: seconds to
build, compile and do the first step (of an epoch: 1000 examples), with nothing and with everything on disk that the
framework keeps there; MB: peak memory of training."""

Figures = dict[str, Any]


def record(step: Step, results: Sequence[Result], rates: Sequence[dict[str, float]]) -> Figures:
    """The figures of one step as plain dicts and lists."""
    machine = {
        "gflops": max(r["gflops"] for r in rates),
        "gigabytes_per_second": max(r["gigabytes"] for r in rates),
        "gflops_of_rounds": [r["gflops"] for r in rates],
    }
    frameworks = {result.framework: _framework(result, results[0], step, machine) for result in results}
    return {
        "step": step.name,
        "title": step.title,
        "flop": step.flop,
        "bytes": step.bytes,
        "machine": machine,
        "frameworks": frameworks,
        "best_peer": {
            what: {of: _best_peer(frameworks, what, of) for of in _RATIOS} for what in step.measures
        },
    }


_RATIOS = ("ratio", "ratio_of_best", "ratio_of_processor")


def _framework(result: Result, ours: Result, step: Step, machine: Figures) -> Figures:
    if result.error or not result.times:
        return {"error": result.error or "not measured"}
    figures: Figures = {
        what: _measure(times, ours.times.get(what, [])) for what, times in result.times.items()
    }
    figures |= {**result.facts, "losses": result.losses}
    if not step.program:
        seconds = figures["step"]["best"] / 1e6
        figures["gflops"] = step.flop / seconds / 1e9
        figures["share_of_peak"] = figures["gflops"] / machine["gflops"]
        figures["share_of_bandwidth"] = step.bytes / seconds / 1e9 / machine["gigabytes_per_second"]
    return figures


def _measure(times: Sequence[dict[str, float]], ours: Sequence[dict[str, float]]) -> Figures:
    """What one measure came to over the rounds; ours may be missing, or have failed on the way."""
    best, processor = (min(r[of] for r in times) for of in ("best", "processor"))
    ratios: Figures = dict.fromkeys(_RATIOS)
    if ours:
        pairs = zip(times, ours, strict=False)
        ratios["ratio"] = median(theirs["median"] / mine["median"] for theirs, mine in pairs)
        ratios["ratio_of_best"] = best / min(r["best"] for r in ours)
        ratios["ratio_of_processor"] = processor / min(r["processor"] for r in ours)
    return {
        "median": median(r["median"] for r in times),
        "best": best,
        "processor": median(r["processor"] for r in times),
        "count": sum(r["count"] for r in times),
        **ratios,
        "rounds": list(times),
    }


def _best_peer(frameworks: Figures, what: str, ratio: str) -> Figures | None:
    peers = [
        (f[what][ratio], name)
        for name, f in frameworks.items()
        if not name.startswith("thalweg") and what in f and f[what][ratio] is not None
    ]
    return {"framework": min(peers)[1], "ratio": min(peers)[0]} if peers else None


# A column: its head, its width, and what it shows of a framework's figures.
Column = tuple[str, int, Callable[[Figures], str]]


def _timed(what: str) -> tuple[Column, Column]:
    return (
        (what, 11, lambda f: _microseconds(f[what]["median"])),
        ("ratio", 9, lambda f: _number(f[what]["ratio"])),
    )


def _columns(step: Step) -> list[Column]:
    facts: list[Column] = [
        ("cold", 8, lambda f: f"{f['first_step_seconds']:.2f}"),
        ("cached", 8, lambda f: f"{f['cached_step_seconds']:.2f}"),
        ("import", 8, lambda f: f"{f['import_seconds']:.2f}"),
        ("MB", 6, lambda f: f"{f['peak_megabytes']:.0f}"),
    ]
    if step.program:
        return [
            ("epochs/s", 10, lambda f: f"{1e6 / f['step']['median']:.3f}"),
            ("best", 10, lambda f: f"{1e6 / f['step']['best']:.3f}"),
            ("cpu, s", 9, lambda f: f"{f['step']['processor'] / 1e6:.2f}"),
            ("ratio", 9, lambda f: _number(f["step"]["ratio"])),
            *facts,
        ]
    limits: list[Column] = [
        ("GFLOP/s", 9, lambda f: f"{f['gflops']:.0f}"),
        ("peak", 6, lambda f: f"{f['share_of_peak']:.0%}"),
        ("memory", 8, lambda f: f"{f['share_of_bandwidth']:.0%}"),
    ]
    return [
        ("median", 10, lambda f: _microseconds(f["step"]["median"])),
        ("best", 10, lambda f: _microseconds(f["step"]["best"])),
        ("cpu", 11, lambda f: _microseconds(f["step"]["processor"])),
        ("ratio", 9, lambda f: _number(f["step"]["ratio"])),
        *(column for what in step.measures[1:] for column in _timed(what)),
        *(limits if step.flop else []),
        *facts,
    ]


def _microseconds(value: float) -> str:
    return f"{value:.1f}" if value >= 10 else f"{value:.3f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def table(entry: Figures) -> str:
    """One step's figures as lines of text."""
    machine, columns = entry["machine"], _columns(STEPS[entry["step"]])
    lines = [
        f"{entry['step']}: {entry['title']}",
        f"machine: {machine['gflops']:.0f} GFLOP/s, {machine['gigabytes_per_second']:.1f} GB/s read",
        f"{'':18}" + "".join(f"{head:>{width}}" for head, width, _ in columns),
    ]
    for name, figures in entry["frameworks"].items():
        shown = figures.get("error") or "".join(f"{show(figures):>{width}}" for _, width, show in columns)
        lines.append(f"{name:18}{shown}")
    return "\n".join(lines) + "\n"


def summary(entries: Sequence[Figures]) -> str:
    """One line a step and measure: ours, and the best peer's time over it by median, best and processor time."""
    lines = [
        "the best peer's time over ours (above 1, ours is faster): medians of the same rounds, best of all,",
        "processor time of the best round",
        f"{'step':16}{'measure':10}{'ours, us':>12}{'peak':>7}{'median':>24}{'best':>24}{'cpu':>24}",
    ]
    for entry in entries:
        ours = next(iter(entry["frameworks"].values()))
        if "error" in ours:
            lines.append(f"{entry['step']:16}{ours['error']}")
            continue
        for what, best in entry["best_peer"].items():
            share = f"{ours['share_of_peak']:.0%}" if what == "step" and entry["flop"] else "-"
            peers = "".join(map(_peer, best.values()))
            lines.append(
                f"{entry['step']:16}{what:10}{_microseconds(ours[what]['median']):>12}{share:>7}{peers}"
            )
    return "\n".join(lines) + "\n"


def _peer(best: Figures | None) -> str:
    return f"{best['framework']:>17}{best['ratio']:7.2f}" if best else f"{'-':>24}"


def surroundings(threads: int) -> Figures:
    """What the figures depend on beside the code."""
    return {
        "processor": _processor(),
        "threads": threads,
        "system": platform.system(),
        "python": platform.python_version(),
        "load": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
        return names[0] if names else platform.machine()
    except OSError:
        return platform.processor() or platform.machine()
