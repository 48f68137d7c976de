"""Battery and heat: when indexing waits for them, and when it resumes."""

from __future__ import annotations

import threading
import time

import pytest

from core.library import throttle as throttle_module
from core.library.power_and_heat import Battery, PowerMonitor, degrees_to_critical, read_battery
from core.library.throttle import PauseReason, Throttle
from models.cancel import CancelToken

TIMEOUT_S = 30.0


class Computer:
    """What the sensors report."""

    def __init__(self, battery: Battery | None = None, to_critical: float | None = None) -> None:
        self.battery = battery
        self.to_critical = to_critical

    def power_monitor(self, setting: str = "low") -> PowerMonitor:
        return PowerMonitor(
            lambda: setting, battery=lambda: self.battery, heat=lambda: self.to_critical, measure_interval_s=0
        )


class ReasonRecorder(CancelToken):
    """Records why `throttle` waits: it checks its cancel token in each round."""

    def __init__(self, throttle: Throttle) -> None:
        super().__init__()
        self._throttle = throttle
        self.reasons: set[PauseReason] = set()

    def check(self) -> None:
        if self._throttle.pause_reason is not None:
            self.reasons.add(self._throttle.pause_reason)
        super().check()


def reasons_to_wait(throttle: Throttle) -> set[PauseReason]:
    """Wait until `throttle` lets work continue; return why it waited."""
    recorder = ReasonRecorder(throttle)
    throttle.wait_while_paused(recorder)
    return recorder.reasons


@pytest.mark.parametrize(
    ("battery", "setting", "expected"),
    [
        (None, "wait", None),
        ((10.0, True), "wait", None),
        ((90.0, False), "wait", PauseReason.BATTERY),
        ((90.0, False), "low", None),
        ((39.0, False), "low", PauseReason.BATTERY),
        ((5.0, False), "go_on", None),
    ],
)
def test_indexing_pauses_on_battery_as_the_setting_says(
    battery: Battery | None, setting: str, expected: PauseReason | None
) -> None:
    assert Computer(battery).power_monitor(setting)() is expected


def test_heat_pauses_indexing_until_it_is_clearly_cooler() -> None:
    computer = Computer(to_critical=30.0)
    monitor = computer.power_monitor()
    reasons = []
    for computer.to_critical in (30.0, 4.0, 9.0, 14.0, 16.0, 9.0, None):  # noqa: B007
        reasons.append(monitor())
    assert reasons == [None, PauseReason.HEAT, PauseReason.HEAT, PauseReason.HEAT, None, None, None]


def test_the_real_sensors_report_plausible_values_or_none() -> None:
    battery, left = read_battery(), degrees_to_critical()
    assert battery is None or 0 <= battery[0] <= 100
    assert left is None or left < 130


def test_resuming_overrules_the_battery_for_good() -> None:
    throttle = Throttle(Computer((10.0, False)).power_monitor())
    resumed = threading.Event()

    def run() -> None:
        throttle.wait_while_paused(CancelToken())
        resumed.set()

    thread = threading.Thread(target=run)
    thread.start()
    deadline_s = time.monotonic() + TIMEOUT_S
    while throttle.pause_reason is None and time.monotonic() < deadline_s:
        time.sleep(0.01)
    assert throttle.pause_reason is PauseReason.BATTERY and not resumed.is_set()
    throttle.resume()
    assert resumed.wait(TIMEOUT_S)
    thread.join()
    assert reasons_to_wait(throttle) == set()


def test_heat_alone_pauses_for_a_limited_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle_module, "LONGEST_HEAT_PAUSE_S", 0.3)
    assert reasons_to_wait(Throttle(Computer(to_critical=1.0).power_monitor())) == {PauseReason.HEAT}
