"""Work done ahead of who reads: functions in a pool of threads, and iterators in a thread of their own."""

from __future__ import annotations

import queue
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

__all__ = ["ahead", "parallel"]


def parallel(function: Callable[[Any], Any], items: Iterator[Any], threads: int) -> Iterator[Any]:
    """``map``, with a pool that works two items per thread ahead."""

    def results() -> Iterator[Any]:
        with ThreadPoolExecutor(threads, "thalweg-map") as pool:
            under_way: deque[Any] = deque()
            try:
                for item in items:
                    under_way.append(pool.submit(function, item))
                    if len(under_way) >= 2 * threads:
                        yield under_way.popleft().result()
                while under_way:
                    yield under_way.popleft().result()
            finally:
                for future in under_way:
                    future.cancel()

    return results()


_END = object()


def ahead(items: Iterator[Any], size: int) -> Generator[Any, None, None]:
    """The items, made by a thread that stays up to ``size`` of them ahead and ends with the iterator: once the
    iterator is closed nothing reads ``items`` any more, so that they can be read elsewhere.
    """

    def results() -> Generator[Any, None, None]:
        made: queue.SimpleQueue[Any] = queue.SimpleQueue()
        room = threading.Semaphore(size)
        stopped = threading.Event()

        def work() -> None:
            try:
                item = None
                while item is not _END and room.acquire() and not stopped.is_set():
                    item = next(items, _END)
                    made.put((item, None))
            except BaseException as error:
                made.put((_END, error))

        thread = threading.Thread(target=work, name="thalweg-prefetch", daemon=True)
        thread.start()
        try:
            while True:
                reader = threading.current_thread()
                item, error = made.get()
                if error is not None:
                    raise error
                if item is _END:
                    return
                room.release()
                yield item
        finally:
            stopped.set()
            room.release()
            # Nobody waits for a thread that a dying interpreter has stopped already, nor for itself. A thread of ours
            # that only collects what a reader left behind does not wait either: the items may come from itself.
            here = threading.current_thread()
            collects = here is not reader and here.name.startswith("thalweg-")
            if not sys.is_finalizing() and here is not thread and not collects:
                thread.join()

    return results()
