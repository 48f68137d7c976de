"""Battery and temperature of the computer, as far as the system reports them."""

from __future__ import annotations

import time
from collections.abc import Callable

from core.library.throttle import PauseReason

MEASURE_INTERVAL_S = 10.0
LOW_PERCENT = 40.0  # the battery is low below this
HOT_BELOW_CRITICAL = 5.0  # degrees Celsius below the temperature at which the processor protects itself
COOL_BELOW_CRITICAL = 15.0  # once hot, it counts as cool again from here
_PROCESSORS = ("coretemp", "k10temp", "zenpower", "cpu_thermal", "cpu-thermal", "soc_thermal")

Battery = tuple[float, bool]
"""The battery: per cent left, and whether mains power is connected."""


def read_battery() -> Battery | None:
    """The battery's state; None where there is none, or none that reports."""
    import psutil

    read = getattr(psutil, "sensors_battery", None)
    try:
        found = read() if read is not None else None
    except (OSError, RuntimeError, ValueError, psutil.Error):  # whatever a driver reports must not end indexing
        return None
    return None if found is None else (float(found.percent), found.power_plugged is not False)


def degrees_to_critical() -> float | None:
    """Degrees Celsius between the hottest part of the processor and the temperature at which it protects itself; None
    if nothing reports it (Windows, macOS, most virtual machines)."""
    import psutil

    read = getattr(psutil, "sensors_temperatures", None)
    try:
        found = read() if read is not None else {}
    except (OSError, RuntimeError, ValueError, psutil.Error):
        return None
    left = [
        sensor.critical - sensor.current
        for chip, sensors in found.items()
        if chip in _PROCESSORS
        for sensor in sensors
        if sensor.critical and 60.0 <= sensor.critical <= 130.0
    ]
    return min(left, default=None)


class PowerMonitor:
    """Tells whether to pause indexing. `on_battery` returns the setting: "go_on", "low" or "wait". Any thread; measures
    at most every `MEASURE_INTERVAL_S`."""

    def __init__(
        self,
        on_battery: Callable[[], str],
        *,
        battery: Callable[[], Battery | None] = read_battery,
        heat: Callable[[], float | None] = degrees_to_critical,
        measure_interval_s: float = MEASURE_INTERVAL_S,
    ) -> None:
        self._on_battery = on_battery
        self._read_battery = battery
        self._read_heat = heat
        self._measure_interval_s = measure_interval_s
        self._next_measurement_s = float("-inf")
        self._battery: Battery | None = None
        self._hot = False

    def __call__(self) -> PauseReason | None:
        """The reason to pause now, if there is one."""
        now_s = time.monotonic()
        if now_s >= self._next_measurement_s:
            self._next_measurement_s = now_s + self._measure_interval_s
            self._battery = self._read_battery()
            left = self._read_heat()
            self._hot = left is not None and left <= (COOL_BELOW_CRITICAL if self._hot else HOT_BELOW_CRITICAL)
        if self._battery is not None and not self._battery[1]:
            setting = self._on_battery()
            if setting == "wait" or (setting == "low" and self._battery[0] < LOW_PERCENT):
                return PauseReason.BATTERY
        return PauseReason.HEAT if self._hot else None
