"""The command ``python -m benchmarks``: ours and every installed peer, step by step, in turns; a table and JSON."""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.rounds import Plan, measure
from benchmarks.steps import STEPS, data_name

PEERS = {"torch": ("torch", "torch-compile"), "jax": ("jax",)}  # a package, and the ways it is used


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmarks; 1 if ours failed in some step."""
    options = _options(argv)
    present = [name for name in options.peers if importlib.util.find_spec(name)]
    for name in options.peers:
        if name not in present:
            _say(f"{name}: not installed, left out\n")
    frameworks = ["thalweg", *(way for name in present for way in PEERS[name])]
    plan = Plan(options.threads, options.rounds, options.seconds)
    if options.quick:
        frameworks, plan = ["thalweg"], Plan(options.threads, rounds=1, seconds=5.0, most=3)
    found = _found(options, present)
    _say(f"images: {found['images']}; {plan.threads} threads\n\n")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.steps:
            results, rates = measure(STEPS[name], frameworks, plan, Path(folder))
            found["steps"].append(report.record(STEPS[name], results, rates))
            _say(report.table(found["steps"][-1]) + "\n")
            _write(found, options.json)
    _say(f"{report.EXPLANATION}\n\n{report.summary(found['steps'])}")
    return 1 if any("error" in next(iter(s["frameworks"].values())) for s in found["steps"]) else 0


def _options(argv: Sequence[str] | None) -> Any:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="ours alone, a few steps: does everything run?")
    parser.add_argument("--peers", type=_names(PEERS), default=list(PEERS), metavar="NAME,...")
    parser.add_argument("--steps", type=_names(STEPS), default=list(STEPS), metavar="NAME,...")
    parser.add_argument("--threads", type=int, default=_processors(), help="threads of every framework")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each framework's turn")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    return parser.parse_args(argv)


def _names(known: Any) -> Any:
    def names(text: str) -> list[str]:
        found = [name for name in text.split(",") if name]
        unknown = [name for name in found if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(known)}")
        return found

    return names


def _found(options: Any, present: Sequence[str]) -> dict[str, Any]:
    versions = {name: importlib.metadata.version(name) for name in ["numpy", "llvmlite", *present]}
    return {
        **report.surroundings(options.threads),
        "images": data_name(),
        "versions": versions,
        "absent": [name for name in options.peers if name not in present],
        "steps": [],
    }


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _write(found: dict[str, Any], path: Path | None) -> None:
    if path is not None:
        path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
