"""Named worker threads, each with a queue, and a job's context for progress and cancelling."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from models.cancel import CancelToken
from models.progress import Progress

log = logging.getLogger(__name__)
T = TypeVar("T")

PROGRESS_INTERVAL_S = 0.1


class Job:
    """What a running job may use: report progress (throttled), check for cancel. Created by whoever starts the job."""

    def __init__(self, report: Callable[[Progress], None] | None = None, cancel: CancelToken | None = None) -> None:
        self.cancel = cancel or CancelToken()
        self._report = report
        self._last_report_s = float("-inf")

    def check(self) -> None:
        """Raise `Cancelled` if the person stopped the job."""
        self.cancel.check()

    def report(self, progress: Progress, *, now: bool = False) -> None:
        """Pass `progress` on, at most every `PROGRESS_INTERVAL_S` unless `now`."""
        if self._report is None:
            return
        moment = time.monotonic()
        if now or moment - self._last_report_s >= PROGRESS_INTERVAL_S:
            self._last_report_s = moment
            self._report(progress)


class Worker:
    """One thread that runs what is put in its queue, in order. It owns whatever its jobs create there."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._queue: queue.SimpleQueue[tuple[Callable[[], object], Future[object]] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._closed = False

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Queue `work`; the future resolves on the worker's thread. The first job starts the thread."""
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                future.cancel()
                return future
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
                self._thread.start()
            self._queue.put((work, future))  # type: ignore[arg-type]  # the queue forgets T, the future keeps it
        return future

    def close(self, timeout_s: float = 10.0) -> bool:
        """Finish the running job, drop the queued ones, end the thread. Cancel the job through its token first.

        False if the thread has not ended within `timeout_s`.
        """
        with self._lock:
            self._closed = True
            thread = self._thread
        if thread is None:
            return True
        self._queue.put(None)
        thread.join(timeout_s)
        if thread.is_alive():
            log.error("worker %s did not end within %.0f s", self.name, timeout_s)
        return not thread.is_alive()

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            work, future = item
            if self._closed:
                future.cancel()
                continue
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = work()
            except BaseException as error:  # handed to whoever waits on the future, which decides what it means
                future.set_exception(error)
            else:
                future.set_result(result)
