"""``tf.logging``: messages to stderr, from a chosen level on."""

from __future__ import annotations

import logging as _logging
import sys
from typing import Any

DEBUG, INFO, WARN, ERROR, FATAL = 10, 20, 30, 40, 50
WARNING = WARN
_logger = _logging.getLogger("tensorflow")
_handler = _logging.StreamHandler()
_handler.setFormatter(_logging.Formatter("%(levelname)s:tensorflow:%(message)s"))
_logger.addHandler(_handler)
_logger.propagate = False
_logger.setLevel(WARN)


def set_verbosity(v: Any) -> None:
    """The lowest level that is shown."""
    _logger.setLevel(v)


def get_verbosity() -> int:
    """The lowest level that is shown."""
    return _logger.level


debug, info, warn, warning = _logger.debug, _logger.info, _logger.warning, _logger.warning
error, fatal, log = _logger.error, _logger.critical, _logger.log


def vlog(level: int, msg: str, *args: Any, **options: Any) -> None:
    """A message below INFO."""
    _logger.debug(msg, *args, **options)


_seen: dict[Any, int] = {}  # how often a line of a program came to log


def _times() -> int:
    """How often the line of the program that logs came here before."""
    frame: Any = sys._getframe(2)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("thalweg."):
        frame = frame.f_back
    place = (frame.f_code.co_filename, frame.f_lineno)
    _seen[place] = _seen.get(place, -1) + 1
    return _seen[place]


def log_if(level: int, msg: str, condition: Any, *args: Any) -> None:
    """A message where a condition holds."""
    if condition:
        _logger.log(level, msg, *args)


def log_first_n(level: int, msg: str, n: int, *args: Any) -> None:
    """A message of a line of the program, the first ``n`` times."""
    log_if(level, msg, _times() < n, *args)


def log_every_n(level: int, msg: str, n: int, *args: Any) -> None:
    """A message of a line of the program, the first time and every ``n`` times from then on."""
    log_if(level, msg, _times() % n == 0, *args)


def flush() -> None:
    """Messages are written at once."""
