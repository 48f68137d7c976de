"""A few inputs made by chance for each target; `python3 dev.py fuzz` tries as many as there is time for."""

from __future__ import annotations

import pytest

from tests.fuzz.__main__ import fuzz
from tests.fuzz.targets import targets

INPUTS = {"template": 40, "citations": 60, "wire": 400, "printing": 400, "sheets": 400, "messages": 400}


@pytest.mark.parametrize("name", targets())
def test_no_input_made_by_chance_is_a_fault(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz(name, seed=1, seconds=0, inputs=INPUTS.get(name, 80)), capsys.readouterr().out
