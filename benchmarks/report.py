"""From measurements to numbers: ratios to the peers, shares of the machine's peak, the table and the JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from statistics import median
from typing import Any

from benchmarks.rounds import Result
from benchmarks.steps import Step

_HEAD = (
    f"{'':16}{'median':>10}{'best':>10}{'cpu':>10}{'ratio':>8}{'answer':>9}{'ratio':>8}"
    f"{'GFLOP/s':>9}{'peak':>6}{'1st step':>10}{'import':>8}{'MB':>6}"
)
EXPLANATION = """\
us per training step: median and best of wall time, mean of processor time (all threads, waiting ones too);
ratio: the median, over the rounds, of this framework's median over ours in the same round; above 1, ours is faster;
answer: us for the prediction of one example, median; peak: share of the multiply-add rate measured between the
rounds, at the best step; 1st step: seconds to build, compile and do it once; MB: peak memory after three steps."""


def record(step: Step, results: Sequence[Result], rates: Sequence[dict[str, float]]) -> dict[str, Any]:
    """The figures of one step as plain dicts and lists."""
    peak = max(r["gflops"] for r in rates)
    frameworks = {result.framework: _framework(result, results[0], step, peak) for result in results}
    return {
        "step": step.name,
        "title": step.title,
        "flop": step.flop,
        "machine": {
            "gflops": peak,
            "gflops_of_rounds": [r["gflops"] for r in rates],
            "gigabytes_per_second": max(r["gigabytes"] for r in rates),
        },
        "frameworks": frameworks,
        "best_peer": {
            of: _best_peer(frameworks, of) for of in ("ratio", "ratio_of_best", "ratio_of_processor")
        },
        "best_peer_answer": _best_peer(frameworks, "answer_ratio"),
    }


def _framework(result: Result, ours: Result, step: Step, peak: float) -> dict[str, Any]:
    if result.error or not result.step:
        return {"error": result.error or "not measured"}
    best = min(r["best"] for r in result.step)
    processor = min(r["processor"] for r in result.step)
    rate = step.flop / best / 1e3
    return {
        "median": median(r["median"] for r in result.step),
        "best": best,
        "processor": median(r["processor"] for r in result.step),
        "count": sum(r["count"] for r in result.step),
        "ratio": _ratio(result.step, ours.step),
        "ratio_of_best": best / min((r["best"] for r in ours.step), default=float("nan")),
        "ratio_of_processor": processor / min((r["processor"] for r in ours.step), default=float("nan")),
        "answer": median(r["median"] for r in result.answer),
        "answer_best": min(r["best"] for r in result.answer),
        "answer_ratio": _ratio(result.answer, ours.answer),
        "gflops": rate,
        "share_of_peak": rate / peak,
        "losses": result.losses,
        "rounds": result.step,
        **result.facts,
    }


def _ratio(theirs: Sequence[dict[str, float]], ours: Sequence[dict[str, float]]) -> float | None:
    pairs = [t["median"] / o["median"] for t, o in zip(theirs, ours, strict=False)]
    return median(pairs) if pairs else None


def _best_peer(frameworks: dict[str, Any], ratio: str) -> dict[str, Any] | None:
    peers = [(f[ratio], name) for name, f in list(frameworks.items())[1:] if f.get(ratio) is not None]
    return {"framework": min(peers)[1], "ratio": min(peers)[0]} if peers else None


def table(entry: dict[str, Any]) -> str:
    """One step's figures as lines of text."""
    machine = entry["machine"]
    lines = [
        f"{entry['step']}: {entry['title']}",
        f"machine: {machine['gflops']:.0f} GFLOP/s, {machine['gigabytes_per_second']:.1f} GB/s read",
        _HEAD,
        *(_line(name, figures, entry["flop"]) for name, figures in entry["frameworks"].items()),
    ]
    return "\n".join(lines) + "\n"


def _line(name: str, f: dict[str, Any], flop: int) -> str:
    if "error" in f:
        return f"{name:16}{f['error']}"
    rate = f"{f['gflops']:9.0f}{f['share_of_peak']:6.0%}" if flop else f"{'':15}"
    return (
        f"{name:16}{f['median']:10.1f}{f['best']:10.1f}{f['processor']:10.1f}{_number(f['ratio']):>8}"
        f"{f['answer']:9.1f}{_number(f['answer_ratio']):>8}{rate}"
        f"{f['first_step_seconds']:10.2f}{f['import_seconds']:8.2f}{f['peak_megabytes']:6.0f}"
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def summary(entries: Sequence[dict[str, Any]]) -> str:
    """One line a step: ours, and the best peer's time in each measure over ours."""
    lines = [
        "the best peer's time over ours (above 1, ours is faster): medians of the same rounds, best steps of all,",
        "processor time of the best round, median answers",
        f"{'step':10}{'ours, us':>12}{'peak':>7}{'median':>22}{'best':>22}{'cpu':>22}{'answer':>22}",
    ]
    for entry in entries:
        ours = next(iter(entry["frameworks"].values()))
        if "error" in ours:
            lines.append(f"{entry['step']:10}{ours['error']}")
            continue
        share = f"{ours['share_of_peak']:.0%}" if entry["flop"] else "-"
        peers = [*entry["best_peer"].values(), entry["best_peer_answer"]]
        lines.append(f"{entry['step']:10}{ours['median']:12.1f}{share:>7}{''.join(map(_peer, peers))}")
    return "\n".join(lines) + "\n"


def _peer(best: dict[str, Any] | None) -> str:
    return f"{best['framework']:>15}{best['ratio']:7.2f}" if best else f"{'-':>22}"


def surroundings(threads: int) -> dict[str, Any]:
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
