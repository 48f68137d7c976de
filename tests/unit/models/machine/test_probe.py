"""Measuring the machine that the tests run on."""

from __future__ import annotations

from models.machine.probe import probe_machine


def test_this_machine_can_be_measured() -> None:
    machine = probe_machine()
    assert 0 < machine.available_bytes <= machine.memory_bytes
    assert machine.physical_cores >= 1
