"""``tf.logging``: messages to stderr, from a chosen level on."""

from __future__ import annotations

import logging as _logging
from typing import Any

DEBUG, INFO, WARN, ERROR, FATAL = 10, 20, 30, 40, 50
WARNING = WARN
_logger = _logging.getLogger("tensorflow")
_handler = _logging.StreamHandler()
_handler.setFormatter(_logging.Formatter("%(levelname)s:tensorflow:%(message)s"))
_logger.addHandler(_handler)
_logger.propagate = False
_logger.setLevel(WARN)


def set_verbosity(level: Any) -> None:
    """The lowest level that is shown."""
    _logger.setLevel(level)


def get_verbosity() -> int:
    """The lowest level that is shown."""
    return _logger.level


debug, info, warn, warning = _logger.debug, _logger.info, _logger.warning, _logger.warning
error, fatal, log = _logger.error, _logger.critical, _logger.log


def vlog(level: int, message: str, *args: Any) -> None:
    """A message below INFO."""
    _logger.debug(message, *args)


def log_first_n(level: int, message: str, n: int, *args: Any) -> None:
    """A message, shown each time."""
    _logger.log(level, message, *args)


def flush() -> None:
    """Messages are written at once."""
