"""Work done ahead of who reads: functions in a pool of threads, and iterators in a thread of their own."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator
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


def ahead(items: Iterator[Any], size: int) -> Iterator[Any]:
    """The items, made by a thread that stays up to ``size`` of them ahead and ends with the iterator."""

    def results() -> Iterator[Any]:
        room: queue.Queue[Any] = queue.Queue(size)
        stopped = threading.Event()

        def put(entry: Any) -> bool:
            while not stopped.is_set():
                try:
                    room.put(entry, timeout=0.05)
                    return True
                except queue.Full:
                    continue
            return False

        def work() -> None:
            try:
                for item in items:
                    if not put((item, None)):
                        return
                put((_END, None))
            except BaseException as error:
                put((_END, error))

        thread = threading.Thread(target=work, name="thalweg-prefetch", daemon=True)
        thread.start()
        try:
            while True:
                item, error = room.get()
                if error is not None:
                    raise error
                if item is _END:
                    return
                yield item
        finally:
            stopped.set()

    return results()
