"""Operations run on workers, and everything that comes of them is heard on the GUI thread."""

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
    made = Bridge()
    yield made
    assert made.close()


def test_a_result_comes_back_on_the_gui_thread(qtbot: QtBot, bridge: Bridge) -> None:
    heard: list[tuple[str, str]] = []
    ended: list[bool] = []
    operation = Operation(
        "store",
        lambda job: threading.current_thread().name,
        bridge,
        on_result=lambda worked_on: heard.append((worked_on, threading.current_thread().name)),
        on_end=lambda: ended.append(True),
    )
    bridge.run(operation)
    qtbot.waitUntil(lambda: ended == [True])
    assert heard == [("store", "MainThread")]
    assert not bridge.busy


def test_a_fault_goes_to_who_asked_and_else_to_the_window(qtbot: QtBot, bridge: Bridge) -> None:
    def fail(job: Job) -> None:
        raise Fault(N_("Title"), N_("What {thing}"), thing="happened")

    own: list[Fault] = []
    bridge.run(Operation("store", fail, bridge, on_fault=own.append))
    qtbot.waitUntil(lambda: len(own) == 1)
    with qtbot.waitSignal(bridge.fault) as signal:
        bridge.run(Operation("store", fail, bridge))
    assert str(signal.args[0]) == "What happened"


def test_a_bug_is_told_and_the_worker_goes_on(qtbot: QtBot, bridge: Bridge) -> None:
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


def test_what_happened_before_a_progress_report_is_heard_before_it(qtbot: QtBot, bridge: Bridge) -> None:
    heard: list[object] = []

    def work(job: Job) -> Iterator[object]:
        yield "event"
        job.report(Progress(1, 2, "bytes"), now=True)

    bridge.stream(
        Operation(
            "chat", work, bridge, on_events=heard.extend, on_progress=heard.append, on_end=lambda: heard.append(0)
        )
    )
    qtbot.waitUntil(lambda: 0 in heard)
    assert heard == ["event", Progress(1, 2, "bytes"), 0]


def test_a_stopped_operation_says_so(qtbot: QtBot, bridge: Bridge) -> None:
    started = threading.Event()
    heard: list[str] = []

    def work(job: Job) -> None:
        started.set()
        job.cancel.wait(30)
        job.check()

    running = bridge.run(
        Operation(
            "index",
            work,
            bridge,
            on_result=lambda nothing: heard.append("result"),
            on_cancelled=lambda: heard.append("cancelled"),
        )
    )
    assert started.wait(30)
    running.stop()
    qtbot.waitUntil(lambda: heard == ["cancelled"])


def test_nobody_is_called_for_an_owner_that_is_gone(qtbot: QtBot, bridge: Bridge) -> None:
    owner, go_on = QObject(), threading.Event()
    heard: list[str] = []
    bridge.run(Operation("store", lambda job: go_on.wait(30), owner, on_result=lambda done: heard.append("gone")))
    owner.deleteLater()
    qtbot.wait(1)
    go_on.set()
    bridge.run(Operation("store", lambda job: 1, bridge, on_result=lambda one: heard.append("there")))
    qtbot.waitUntil(lambda: heard == ["there"])


def test_closing_stops_what_runs_drops_what_waits_and_runs_the_last_work(qtbot: QtBot) -> None:
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


def test_a_worker_may_say_farewell_and_its_failure_is_told(qtbot: QtBot) -> None:
    bridge = Bridge()
    done: list[str] = []
    bridge.run(Operation("chat", lambda job: None, bridge))
    assert bridge.close({"chat": lambda: done.append(threading.current_thread().name), "never": lambda: None})
    assert done == ["chat"]
    assert not Bridge().close({}, lambda: [][0])
