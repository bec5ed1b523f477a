"""The ``thalweg`` program: ``train`` a network, ``run`` an old program, ask the ``doctor`` about the machine."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import NoReturn

from thalweg.errors import CompileError, ThalwegError
from thalweg.version import __version__

__all__ = ["main"]

_BAD_INPUT = 2
_INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 2 bad input, 130 interrupted by Ctrl-C."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except CompileError:
        raise  # a defect of Thalweg: the trace is what a report needs
    except (ThalwegError, OSError) as error:
        # The trace belongs to the library's user; whoever typed a command needs the one line that says what.
        print(f"thalweg {arguments.command}: error: {_one_line(error)}", file=sys.stderr)
        return _BAD_INPUT
    except KeyboardInterrupt:
        print(f"thalweg {arguments.command}: interrupted", file=sys.stderr)
        return _INTERRUPTED


class _Parser(argparse.ArgumentParser):
    """An ArgumentParser whose complaint is one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(_BAD_INPUT, f"{self.prog}: error: {_nearest_command(message)} (see {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="thalweg", description="Deep learning from one symbolic graph.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"thalweg {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_train(commands)
    doctor = commands.add_parser("doctor", help="versions, processor, threads, data folders, missing extras")
    doctor.set_defaults(run=_doctor)
    _add_run(commands)
    return parser


def _add_run(commands: argparse._SubParsersAction[_Parser]) -> None:
    run = commands.add_parser(
        "run",
        help="run a program written for TensorFlow 0-2, Theano or Keras",
        description="Run a program (or a notebook) as it is: its imports of old libraries lead to Thalweg.",
        allow_abbrev=False,
    )
    run.add_argument(
        "--as",
        dest="kind",
        choices=("tf1", "eager", "tf2", "theano", "keras"),
        help="the generation (default: read from it)",
    )
    run.add_argument(
        "--check", action="store_true", help="list the names it uses that are missing; run nothing"
    )
    run.add_argument("file", metavar="FILE", help="the program, .py or .ipynb")
    rest = run.add_argument(
        "arguments", nargs=argparse.REMAINDER, metavar="ARGS", help="what the program gets"
    )
    rest.required = False
    run.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from thalweg.compat import run

    if not arguments.check:
        return run.run(arguments.file, arguments.arguments, arguments.kind)
    missing = run.check(arguments.file, arguments.kind)
    for line in missing:
        print(line)
    return 1 if missing else 0


def _add_train(commands: argparse._SubParsersAction[_Parser]) -> None:
    train = commands.add_parser(
        "train",
        help="train a network on handwritten digits",
        description="Train a network; write its weights, its history and two pictures.",
        allow_abbrev=False,
    )
    # Names are checked by the job, which knows the nearest one; argparse would only list them.
    train.add_argument("model", nargs="?", default="mlp", help="softmax, mlp, modern or conv (default: mlp)")
    train.add_argument("--data", default="digits", help="digits, mnist or fashion (default: digits)")
    train.add_argument(
        "--epochs", type=_positive, metavar="N", help="passes over the data (default: per model)"
    )
    train.add_argument("--batch", type=_positive, metavar="N", help="examples per step (default: per model)")
    train.add_argument(
        "--seed", type=_seed, default=0, metavar="S", help="seed of all random numbers (default: 0)"
    )
    train.add_argument(
        "--out", default="thalweg-run", metavar="DIR", help="folder for the results (default: ./thalweg-run)"
    )
    train.set_defaults(run=_train)


def _train(arguments: argparse.Namespace) -> int:
    from thalweg import train

    outcome = train.run(
        train.Request(
            model=arguments.model,
            data=arguments.data,
            epochs=arguments.epochs,
            batch=arguments.batch,
            seed=arguments.seed,
            out=arguments.out,
        )
    )
    for line in outcome.summary():
        print(line)
    if outcome.interrupted:
        print(f"thalweg train: {outcome.interruption()}", file=sys.stderr)
        return _INTERRUPTED
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    from thalweg import doctor

    for line in doctor.report():
        print(line)
    return 0


def _positive(text: str) -> int:
    return _whole_number(text, 1)


def _seed(text: str) -> int:
    return _whole_number(text, 0)


def _whole_number(text: str, least: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least {least}, received {text!r}")
    return number


def _nearest_command(message: str) -> str:
    """Add the nearest command to argparse's complaint about an unknown one."""
    if "invalid choice" not in message or "COMMAND" not in message:
        return message
    typed = message.split("invalid choice: ", 1)[1].split("'")[1]
    near = get_close_matches(typed, ("train", "doctor", "run"), 1, 0.4)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"unknown command {typed!r}{hint} (there are: train, doctor, run)"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
