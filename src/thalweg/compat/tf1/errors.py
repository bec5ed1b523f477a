"""``tf.errors``: the classes that programs catch, which are the main library's where it raises them itself."""

from __future__ import annotations

from thalweg.errors import (
    DataError,
    FeedError,
    FeedRangeError,
    IndexRangeError,
    ShapeError,
    ThalwegError,
    UninitializedError,
)

OpError = ThalwegError
FailedPreconditionError = UninitializedError


class InvalidArgumentError(FeedError):
    """An operation received a value that it cannot take."""


# What a run finds wrong with values, by what the main library says of it: programs catch either.
AT_RUN: dict[type[Exception], type[InvalidArgumentError]] = {
    FeedError: InvalidArgumentError,
    **{
        kind: type("InvalidArgumentError", (InvalidArgumentError, kind), {"__doc__": kind.__doc__})
        for kind in (DataError, FeedRangeError, IndexRangeError, ShapeError)
    },
}


class OutOfRangeError(ThalwegError, IndexError):
    """An iterator or a queue has come to its end."""


class NotFoundError(ThalwegError, LookupError):
    """A file, or a name in a checkpoint, does not exist."""


class DataLossError(ThalwegError, ValueError):
    """A file is not what it should be."""


class AbortedError(ThalwegError):
    """Never raised: nothing runs on other machines."""


class CancelledError(ThalwegError):
    """A queue was closed."""


class UnimplementedError(ThalwegError, NotImplementedError):
    """Something that is not supported."""


class DeadlineExceededError(ThalwegError):
    """A queue stayed empty for as long as a session waits."""


class AlreadyExistsError(ThalwegError):
    """Something is there already."""


class PermissionDeniedError(ThalwegError, PermissionError):
    """Something is not allowed."""


class InternalError(ThalwegError):
    """Never raised: a fault of the library itself is told as it is."""


class UnknownError(ThalwegError):
    """Never raised: a fault of the library itself is told as it is."""


class UnavailableError(ThalwegError):
    """Never raised: nothing runs on other machines."""


ResourceExhaustedError = MemoryError
