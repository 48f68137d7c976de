"""Battery and heat: when indexing waits for them, and when it goes on."""

from __future__ import annotations

import threading

import pytest

from core.library import throttle as attention_module
from core.library.power_and_heat import Battery, PowerMonitor, degrees_to_critical, read_battery
from core.library.throttle import PauseReason, Throttle
from models.cancel import CancelToken


class Computer:
    """What the sensors say."""

    def __init__(self, battery: Battery | None = None, to_critical: float | None = None) -> None:
        self.battery = battery
        self.to_critical = to_critical

    def surroundings(self, setting: str = "low") -> PowerMonitor:
        return PowerMonitor(lambda: setting, battery=lambda: self.battery, heat=lambda: self.to_critical, look_s=0)


@pytest.mark.parametrize(
    ("battery", "setting", "held"),
    [
        (None, "wait", None),
        ((10.0, True), "wait", None),
        ((90.0, False), "wait", PauseReason.BATTERY),
        ((90.0, False), "low", None),
        ((39.0, False), "low", PauseReason.BATTERY),
        ((5.0, False), "go_on", None),
    ],
)
def test_the_battery_counts_as_the_setting_says(
    battery: Battery | None, setting: str, held: PauseReason | None
) -> None:
    assert Computer(battery).surroundings(setting)() is held


def test_heat_holds_until_it_is_clearly_cooler() -> None:
    computer = Computer(to_critical=30.0)
    surroundings = computer.surroundings()
    seen = []
    for computer.to_critical in (30.0, 4.0, 9.0, 14.0, 16.0, 9.0, None):  # noqa: B007
        seen.append(surroundings())
    assert seen == [None, PauseReason.HEAT, PauseReason.HEAT, PauseReason.HEAT, None, None, None]


def test_the_real_sensors_answer_or_are_silent() -> None:
    battery, left = read_battery(), degrees_to_critical()
    assert battery is None or 0 <= battery[0] <= 100
    assert left is None or left < 130


def test_who_says_go_on_is_not_held_by_the_battery_again() -> None:
    attention = Throttle(Computer((10.0, False)).surroundings())
    through, waiting = threading.Event(), threading.Event()

    def run() -> None:
        attention.wait_while_paused(CancelToken())
        through.set()

    thread = threading.Thread(target=run)
    thread.start()
    while attention.held is None:
        waiting.wait(0.01)
    assert attention.held is PauseReason.BATTERY and not through.is_set()
    attention.resume()
    assert through.wait(30)
    thread.join()
    attention.wait_while_paused(CancelToken())


def test_heat_alone_does_not_hold_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention_module, "COOL_DOWN_S", 0.3)
    Throttle(Computer(to_critical=1.0).surroundings()).wait_while_paused(CancelToken())
