"""The command ``python -m benchmarks``: ours and every installed peer, step by step, in turns; a table and JSON."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.frameworks import FRAMEWORKS, OURS, PEERS, Framework, versions
from benchmarks.rounds import Plan, measure
from benchmarks.steps import EXAMPLES, STEPS, data_name


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmarks; 1 if ours failed in some step."""
    options = _options(argv)
    plan = Plan(
        options.threads,
        options.rounds,
        options.seconds,
        examples=options.examples,
        pythons=dict(options.python),
    )
    if options.quick:
        options.peers, plan = [], Plan(options.threads, rounds=1, seconds=5.0, examples=2000, most=3)
    frameworks, found = _present(options.peers, plan)
    _say(f"images: {found['images']}; {plan.threads} threads\n\n")
    with tempfile.TemporaryDirectory() as folder:
        for step in (STEPS[name] for name in options.steps):
            taking = [framework for framework in frameworks if step.name in framework.steps]
            found["steps"].append(report.record(step, *measure(step, taking, plan, Path(folder))))
            _say(report.table(found["steps"][-1]) + "\n")
            _write(found, options.json)
    _say(f"{report.EXPLANATION}\n\n{report.summary(found['steps'])}")
    return 1 if any("error" in s["frameworks"][OURS] for s in found["steps"]) else 0


def _options(argv: Sequence[str] | None) -> Any:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="ours alone, a few steps: does everything run?")
    parser.add_argument("--peers", type=_names(PEERS), default=list(PEERS), metavar="NAME,...")
    parser.add_argument("--steps", type=_names(STEPS), default=list(STEPS), metavar="NAME,...")
    parser.add_argument(
        "--python",
        type=_interpreter,
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="the interpreter that has this peer, where it is not this one; may be given several times",
    )
    parser.add_argument("--threads", type=int, default=_processors(), help="threads of every framework")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each framework's turn")
    parser.add_argument("--examples", type=int, default=EXAMPLES, help="of an epoch")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    return parser.parse_args(argv)


def _names(known: Iterable[str]) -> Any:
    def names(text: str) -> list[str]:
        found = [name for name in text.split(",") if name]
        unknown = [name for name in found if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(known)}")
        return found

    return names


def _interpreter(text: str) -> tuple[str, str]:
    name, _, path = text.partition("=")
    (name,) = _names(PEERS)(name) or [""]
    if not (name and os.access(path, os.X_OK)):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=PATH with the path of an interpreter")
    return name, path


def _present(peers: Sequence[str], plan: Plan) -> tuple[list[Framework], dict[str, Any]]:
    """The ways that can be measured here, ours first, and the head of what is written."""
    frameworks, found, absent = [], versions(sys.executable, ["numpy", "llvmlite"]), []
    for peer in [OURS, *peers]:
        ways = [framework for framework in FRAMEWORKS.values() if framework.peer == peer]
        needed = {package for way in ways for package in way.needs}
        there = versions(plan.pythons.get(peer, sys.executable), sorted(needed))
        found |= {f"{peer}: {name}" if name != peer else name: number for name, number in there.items()}
        usable = [way for way in ways if there.keys() >= set(way.needs)]
        frameworks += usable
        if not usable:
            absent.append(peer)
            _say(f"{peer}: not installed, left out\n")
    return frameworks, {
        **report.surroundings(plan.threads),
        **{name: getattr(plan, name) for name in ("rounds", "seconds", "examples")},
        "images": data_name(),
        "versions": found,
        "absent": absent,
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
