"""Runs operations on named workers and hands their progress, events and outcome to the GUI thread."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from core.jobs import Job, Worker
from models.cancel import CancelToken
from models.faults import Cancelled, Fault
from models.progress import Progress

log = logging.getLogger(__name__)
T = TypeVar("T")

EVENT_INTERVAL_MS = 40
CLOSE_TIMEOUT_S = 8.0


@dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """A user action: which worker runs it, what it does there, and what is called on the GUI thread.

    `work` runs on the worker and must hold no widget. `owner` is the object that the callbacks belong to: once it has
    been destroyed, they are not called. An expected fault goes to `on_fault`, or without one to `Bridge.fault`.
    `on_end` is called last, whatever happened. An operation `in_background` may run as long as the window and does not
    count as `Bridge.busy`.
    """

    worker: str
    work: Callable[[Job], T]
    owner: QObject
    on_result: Callable[[T], None] | None = None
    on_progress: Callable[[Progress], None] | None = None
    on_events: Callable[[list[Any]], None] | None = None
    on_fault: Callable[[Fault], None] | None = None
    on_cancelled: Callable[[], None] | None = None
    on_end: Callable[[], None] | None = None
    in_background: bool = False


class Running:
    """A started operation, which may be stopped."""

    def __init__(self, cancel: CancelToken) -> None:
        self._cancel = cancel

    def stop(self) -> None:
        self._cancel.cancel()

    @property
    def stopped(self) -> bool:
        return self._cancel.cancelled


@dataclass(slots=True)
class _Started:
    """The GUI side of a running operation; the worker holds only its number."""

    operation: Operation[Any]
    cancel: CancelToken
    events: _Events


class Bridge(QObject):
    """Owns the workers. Whatever reaches a widget from a worker passes through here, on the GUI thread.

    The worker's side of an operation holds numbers and plain values only, so that no worker can destroy a Qt object by
    dropping the last reference to it.
    """

    fault = Signal(object)  # a Fault without an `on_fault`
    bug = Signal(object)  # an exception that is no Fault
    _delivered = Signal(int, str, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workers: dict[str, Worker] = {}
        self._started: dict[int, _Started] = {}
        self._numbers = itertools.count()
        self._closing = False
        self._delivered.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._tick = QTimer(self)
        self._tick.setSingleShot(True)
        self._tick.setTimerType(Qt.TimerType.PreciseTimer)
        self._tick.timeout.connect(self._flush_all)
        self._last_flush_s = 0.0

    def run(self, operation: Operation[T]) -> Running:
        """Start `operation`. Called on the GUI thread."""
        return self._start(operation, lambda job, events: operation.work(job))

    def stream(self, operation: Operation[Iterable[object]]) -> Running:
        """Start an operation whose work yields events. They reach `on_events` in lists, at most every
        `EVENT_INTERVAL_MS`, and all of them before the outcome. `on_result` gets None."""

        def work(job: Job, events: _Events) -> None:
            for event in operation.work(job):
                events.put(event)

        return self._start(operation, work)

    @property
    def busy(self) -> bool:
        """Whether an operation runs or waits that is not in the background."""
        return any(not started.operation.in_background for started in self._started.values())

    def close(
        self, last_work: Mapping[str, Callable[[], None]] | None = None, finish: Callable[[], None] | None = None
    ) -> bool:
        """Cancel everything; run `last_work` on the workers of these names, if they were ever used, end the workers,
        then run `finish` on a thread of its own. Returns within a few seconds: False if something failed or still runs
        then."""
        self._closing = True
        for started in self._started.values():
            started.cancel.cancel()
        deadline_s = time.monotonic() + CLOSE_TIMEOUT_S
        futures = [
            self._workers[name].submit(work) for name, work in (last_work or {}).items() if name in self._workers
        ]
        wait(futures, timeout=CLOSE_TIMEOUT_S)
        workers = tuple(self._workers.values())
        ended = [worker.close(timeout_s=max(0.2, deadline_s - time.monotonic())) for worker in workers]
        self._started.clear()
        self._workers.clear()
        if finish is not None:
            closer = Worker("close")
            futures.append(closer.submit(finish))
            wait(futures[-1:], timeout=max(2.0, deadline_s - time.monotonic()))
            ended.append(closer.close(timeout_s=0.2))
        return all(ended) and all([_succeeded(future) for future in futures])

    def _start(self, operation: Operation[Any], work: Callable[[Job, _Events], object]) -> Running:
        number, cancel = next(self._numbers), CancelToken()
        send = self._sender(number)
        events = _Events(lambda: send("events", None))
        report = (lambda progress: send("progress", progress)) if operation.on_progress else None
        if not self._closing:
            self._started[number] = _Started(operation, cancel, events)
            self._worker(operation.worker).submit(_guarded(work, Job(report, cancel), events, send))
        return Running(cancel)

    def _worker(self, name: str) -> Worker:
        if name not in self._workers:
            self._workers[name] = Worker(name)
        return self._workers[name]

    def _sender(self, number: int) -> Callable[[str, object], None]:
        return lambda kind, value: self._delivered.emit(number, kind, value)

    @Slot(int, str, object)
    def _deliver(self, number: int, kind: str, value: Any) -> None:
        started = self._started.get(number)
        if started is None or self._closing:
            return
        operation = started.operation
        if kind == "events":
            self._schedule()
        elif kind == "progress":
            self._flush(started)  # events from before it come first
            if operation.on_progress and not started.cancel.cancelled and shiboken6.isValid(operation.owner):
                operation.on_progress(value)
        else:
            self._flush(started)
            del self._started[number]
            self._finish(operation, kind, value)

    def _finish(self, operation: Operation[Any], kind: str, value: Any) -> None:
        alive = shiboken6.isValid(operation.owner)
        if kind == "bug":
            self.bug.emit(value)
        elif alive and kind == "result" and operation.on_result:
            operation.on_result(value)
        elif alive and kind == "cancelled" and operation.on_cancelled:
            operation.on_cancelled()
        elif alive and kind == "fault":
            (operation.on_fault or self.fault.emit)(value)
        if alive and operation.on_end:
            operation.on_end()

    def _schedule(self) -> None:
        if not self._tick.isActive():
            since_ms = (time.monotonic() - self._last_flush_s) * 1000
            self._tick.start(max(0, int(EVENT_INTERVAL_MS - since_ms)))

    @Slot()
    def _flush_all(self) -> None:
        self._last_flush_s = time.monotonic()
        for started in tuple(self._started.values()):
            self._flush(started)

    def _flush(self, started: _Started) -> None:
        events = started.events.take()
        operation = started.operation
        if events and operation.on_events and shiboken6.isValid(operation.owner):
            operation.on_events(events)


def _succeeded(future: Future[None]) -> bool:
    """Whether work done on closing ended without an error; an error is logged."""
    if not future.done() or future.cancelled():
        return False
    if error := future.exception():
        log.error("closing failed", exc_info=error)
    return error is None


class _Events:
    """Events on their way from a worker to the GUI thread."""

    def __init__(self, announce: Callable[[], None]) -> None:
        """`announce` is called on the worker's thread when there is something to `take`."""
        self._announce = announce
        self._lock = threading.Lock()
        self._waiting: list[object] = []

    def put(self, event: object) -> None:
        """Called on the worker. Only the first event of a list is announced; the others are taken with it."""
        with self._lock:
            self._waiting.append(event)
            first = len(self._waiting) == 1
        if first:
            self._announce()

    def take(self) -> list[object]:
        with self._lock:
            events, self._waiting = self._waiting, []
        return events


def _guarded(
    work: Callable[[Job, _Events], object], job: Job, events: _Events, send: Callable[[str, object], None]
) -> Callable[[], None]:
    """Wrap `work` for the worker: its outcome is sent, and nothing is raised."""

    def run() -> None:
        try:
            job.check()
            result = work(job, events)
        except Cancelled:
            send("cancelled", None)
        except Fault as fault:
            send("fault", fault)
        except Exception as error:
            log.error("%s in a job of the %s worker", type(error).__name__, threading.current_thread().name)
            send("bug", error)
        else:
            send("result", result)

    return run
