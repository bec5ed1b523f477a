"""A table of our own figures beside PyTorch's, which are taken in turns, by a process of its own.

``--python`` of such a command names PyTorch's interpreter, if it has one of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Figures = dict[str, Any]  # of one case
# the result alone; with gradients, gives the sum of squares (None: it has none)
Forms = tuple[Callable[[], Any], Callable[[], float] | None]


@dataclass(frozen=True)
class Comparison:
    """What the command ``python -m MODULE`` compares.

    ``measured(make, case, seconds)`` takes the figures of what ``ours`` or ``torch`` makes of a case; ``line`` writes
    those of all rounds behind the case's name: ours, and PyTorch's where it is installed.
    """

    module: str
    cases: Mapping[str, Any]
    ours: Callable[[Any], Any]
    torch: Callable[[Any], Any]
    measured: Callable[[Callable[[Any], Any], Any, float], Figures]
    head: str
    line: Callable[[Sequence[Figures], Sequence[Figures]], str]
    width: int  # of the names

    def main(self, about: str | None, seconds: float, argv: Sequence[str] | None = None) -> None:
        """Print the table, or as the peer the figures as JSON."""
        parser = argparse.ArgumentParser(prog=f"python -m {self.module}", description=about)
        parser.add_argument("--cases", default="", help="some of them, with semicolons between")
        parser.add_argument("--seconds", type=float, default=seconds, help="for each in each round")
        parser.add_argument("--rounds", type=int, default=3)
        parser.add_argument("--threads", type=int, default=2)
        parser.add_argument("--python", default=sys.executable, help="the interpreter that has PyTorch")
        parser.add_argument("--torch", action="store_true", help="be the peer: its figures as JSON")
        options = parser.parse_args(argv)
        names = [name.strip() for name in options.cases.split(";") if name.strip()] or [*self.cases]
        if unknown := [name for name in names if name not in self.cases]:
            parser.error(f"--cases: there is no {unknown[0]!r}; there are {'; '.join(self.cases)}")
        if options.torch:
            import torch

            torch.set_num_threads(options.threads)
            print(json.dumps(self._figures(self.torch, names, options.seconds)))
            return
        import thalweg as tw

        tw.set_num_threads(options.threads)
        mine: list[dict[str, Figures]] = []
        theirs: list[dict[str, Figures]] = []
        for _ in range(options.rounds):
            mine.append(self._figures(self.ours, names, options.seconds))
            theirs += self._peer(options, names)
        print("\n".join(self._table(names, mine, theirs)))

    def _figures(
        self, make: Callable[[Any], Any], names: Sequence[str], seconds: float
    ) -> dict[str, Figures]:
        return {name: self.measured(make, self.cases[name], seconds) for name in names}

    def _peer(self, options: argparse.Namespace, names: Sequence[str]) -> list[dict[str, Figures]]:
        """PyTorch's figures; none where it is not installed."""
        given = [
            "--seconds",
            str(options.seconds),
            "--threads",
            str(options.threads),
            "--cases",
            ";".join(names),
        ]
        command = [options.python, "-m", self.module, "--torch", *given]
        done = subprocess.run(command, capture_output=True, text=True)
        return [] if done.returncode else [json.loads(done.stdout)]

    def _table(
        self,
        names: Sequence[str],
        mine: Sequence[dict[str, Figures]],
        theirs: Sequence[dict[str, Figures]],
    ) -> list[str]:
        lines = [self.head]
        for name in names:
            line = self.line([r[name] for r in mine], [r[name] for r in theirs])
            lines.append(f"{name:{self.width}}{line}")
        return lines if theirs else [*lines, "PyTorch is not installed"]


def best_of_forms(make: Callable[[Any], Forms], case: Any, seconds: float) -> Figures:
    """The loss, and the best microseconds of both forms, of which the second may be missing."""
    alone, both = make(case)
    figures: Figures = {"loss": None if both is None else both()}
    for name, form in (("alone", alone), ("both", both)):
        if form is None:
            continue
        form()
        times: list[float] = []
        end = time.perf_counter() + seconds
        while not times or time.perf_counter() < end:
            begun = time.perf_counter()
            form()
            times.append(time.perf_counter() - begun)
        figures[name] = min(times) * 1e6
    return figures


def line_of_forms(mine: Sequence[Figures], theirs: Sequence[Figures]) -> str:
    """Both forms' best times, PyTorch's, and the ratio; and whether the losses differ."""
    line = ""
    for form, width in (("alone", 9), ("both", 11)):
        if form not in mine[0]:
            continue
        us = min(f[form] for f in mine)
        line += f"{us:{width}.0f}"
        if theirs:
            other = min(f[form] for f in theirs)
            line += f"{other:9.0f}{other / us:7.2f}"
    ours, peers = mine[0]["loss"], theirs[0]["loss"] if theirs else None
    if ours is not None and peers is not None and abs(ours - peers) > 1e-3 * abs(peers):
        line += f"  the losses differ: {ours} and {peers}"
    return line
