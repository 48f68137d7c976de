"""Operations run on workers, and all callbacks and signals come on the GUI thread."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from core.jobs import Job
from gui.bridge import Bridge, Operation
from models.faults import N_, Fault
from models.progress import Progress


@pytest.fixture
def bridge(qtbot: QtBot) -> Iterator[Bridge]:
    bridge = Bridge()
    yield bridge
    assert bridge.close()


def test_a_result_comes_back_on_the_gui_thread(qtbot: QtBot, bridge: Bridge) -> None:
    calls: list[tuple[str, str]] = []
    ended: list[bool] = []
    operation = Operation(
        "store",
        lambda job: threading.current_thread().name,
        bridge,
        on_result=lambda worked_on: calls.append((worked_on, threading.current_thread().name)),
        on_end=lambda: ended.append(True),
    )
    bridge.run(operation)
    qtbot.waitUntil(lambda: ended == [True])
    assert calls == [("store", "MainThread")]
    assert not bridge.busy


def test_a_fault_goes_to_on_fault_or_else_to_the_window(qtbot: QtBot, bridge: Bridge) -> None:
    def fail(job: Job) -> None:
        raise Fault(N_("Title"), N_("What {thing}"), thing="happened")

    own: list[Fault] = []
    bridge.run(Operation("store", fail, bridge, on_fault=own.append))
    qtbot.waitUntil(lambda: len(own) == 1)
    with qtbot.waitSignal(bridge.fault) as signal:
        bridge.run(Operation("store", fail, bridge))
    assert str(signal.args[0]) == "What happened"


def test_a_bug_is_reported_and_the_worker_goes_on(qtbot: QtBot, bridge: Bridge) -> None:
    with qtbot.waitSignal(bridge.bug) as signal:
        bridge.run(Operation("store", lambda job: [][0], bridge))
    assert isinstance(signal.args[0], IndexError)
    results: list[int] = []
    bridge.run(Operation("store", lambda job: 7, bridge, on_result=results.append))
    qtbot.waitUntil(lambda: results == [7])


def test_events_come_in_order_together_and_before_the_end(qtbot: QtBot, bridge: Bridge) -> None:
    lists: list[list[int]] = []
    order: list[str] = []

    def count(job: Job) -> Iterable[object]:
        yield from range(5000)

    operation = Operation(
        "chat",
        count,
        bridge,
        on_events=lists.append,
        on_result=lambda nothing: order.append(f"result after {sum(map(len, lists))}"),
        on_end=lambda: order.append("end"),
    )
    bridge.stream(operation)
    qtbot.waitUntil(lambda: "end" in order)
    assert order == ["result after 5000", "end"]
    assert [number for numbers in lists for number in numbers] == list(range(5000))
    assert len(lists) < 500


def test_events_before_a_progress_report_are_delivered_before_it(qtbot: QtBot, bridge: Bridge) -> None:
    calls: list[object] = []

    def work(job: Job) -> Iterator[object]:
        yield "event"
        job.report(Progress(1, 2, "bytes"), now=True)

    bridge.stream(
        Operation(
            "chat", work, bridge, on_events=calls.extend, on_progress=calls.append, on_end=lambda: calls.append(0)
        )
    )
    qtbot.waitUntil(lambda: 0 in calls)
    assert calls == ["event", Progress(1, 2, "bytes"), 0]


def test_a_stopped_operation_is_cancelled(qtbot: QtBot, bridge: Bridge) -> None:
    started = threading.Event()
    calls: list[str] = []

    def work(job: Job) -> None:
        started.set()
        job.cancel.wait(30)
        job.check()

    running = bridge.run(
        Operation(
            "index",
            work,
            bridge,
            on_result=lambda nothing: calls.append("result"),
            on_cancelled=lambda: calls.append("cancelled"),
        )
    )
    assert started.wait(30)
    running.stop()
    qtbot.waitUntil(lambda: calls == ["cancelled"])


def test_no_callback_comes_for_an_owner_that_is_gone(qtbot: QtBot, bridge: Bridge) -> None:
    owner, go_on = QObject(), threading.Event()
    calls: list[str] = []
    bridge.run(Operation("store", lambda job: go_on.wait(30), owner, on_result=lambda done: calls.append("gone")))
    owner.deleteLater()
    qtbot.wait(1)
    go_on.set()
    bridge.run(Operation("store", lambda job: 1, bridge, on_result=lambda one: calls.append("there")))
    qtbot.waitUntil(lambda: calls == ["there"])


def test_closing_cancels_what_runs_drops_what_waits_and_finishes(qtbot: QtBot) -> None:
    bridge, started = Bridge(), threading.Event()
    done: list[str] = []

    def work(job: Job) -> None:
        started.set()
        job.cancel.wait(30)

    bridge.run(Operation("index", work, bridge))
    bridge.run(Operation("index", lambda job: done.append("waited"), bridge))
    assert started.wait(30)
    assert bridge.close({}, lambda: done.append(threading.current_thread().name))
    assert done == ["close"]


def test_closing_runs_last_work_on_a_worker_and_returns_false_if_something_fails(qtbot: QtBot) -> None:
    bridge = Bridge()
    done: list[str] = []
    bridge.run(Operation("chat", lambda job: None, bridge))
    assert bridge.close({"chat": lambda: done.append(threading.current_thread().name), "never": lambda: None})
    assert done == ["chat"]
    assert not Bridge().close({}, lambda: [][0])
