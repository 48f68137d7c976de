"""Runs calls in a child process that the system ends when one takes more than its share of processor time."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

WARM_UP = (
    "It sold 12 cars in May 2021 [1]. Anna Smith paid 5 million, not six.\n\n"
    "# Title\n\n- one\n- two\n\n|a|b|\n|-|-|\n|1|2|\n"
)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of a registry (the name of a module that has `FUNCTIONS`) on a shape of text of a length."""

    registry: str
    function: str
    shape: str
    length: int


@dataclass(frozen=True, slots=True)
class TimedCall:
    """Processor seconds that a call took; None if the child ended first, by its limit or by itself. `fault` is the type
    of an exception that the call raised."""

    call: Call
    processor_s: float | None
    fault: str = ""


def timed_calls(calls: Iterable[Call], limit_s: float) -> Iterator[TimedCall]:
    """Run `calls` one after another, each with at most `limit_s` of processor time, in children that live until a call
    is too long."""
    waiting = list(calls)
    while waiting:
        for answer in _in_one_child(waiting, limit_s):
            yield TimedCall(waiting.pop(0), *answer)
        if waiting:
            yield TimedCall(waiting.pop(0), None)


def _in_one_child(calls: Sequence[Call], limit_s: float) -> Iterator[tuple[float | None, str]]:
    """The seconds of as many calls as one child lives for."""
    asked = "".join(json.dumps([c.registry, c.function, c.shape, c.length]) + "\n" for c in calls)
    environment = dict(os.environ, QT_QPA_PLATFORM="offscreen")
    command = [sys.executable, "-m", "tests.support.processor_time", str(limit_s)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True
    ) as child:
        assert child.stdin is not None and child.stdout is not None
        try:
            child.stdin.write(asked)
            child.stdin.close()
        except BrokenPipeError:
            pass  # it has ended: what it answered before is read below
        for line in child.stdout:
            seconds, fault = json.loads(line)
            yield seconds, fault


def main() -> None:
    """Answer each call on standard input with its seconds and its fault, in a line of JSON."""
    from tests.support.hostile_texts import shapes

    limit_s, known, ready = float(sys.argv[1]), shapes(), set[tuple[str, str]]()
    for line in sys.stdin.readlines():
        registry, name, shape, length = json.loads(line)
        function = importlib.import_module(registry).FUNCTIONS[name]
        if (registry, name) not in ready:
            function(WARM_UP)  # what is loaded once is no part of a call
            ready.add((registry, name))
        text = known[shape](length)
        began_s, fault = time.process_time(), ""
        signal.setitimer(signal.ITIMER_PROF, limit_s)  # its signal ends the process
        try:
            function(text)
        except Exception as error:
            fault = type(error).__name__
        signal.setitimer(signal.ITIMER_PROF, 0)
        print(json.dumps([time.process_time() - began_s, fault]), flush=True)


if __name__ == "__main__":
    main()
