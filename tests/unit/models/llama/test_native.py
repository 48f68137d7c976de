"""Loading a model file with llama.cpp."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.cancel import CancelToken
from models.faults import Cancelled
from models.llama.native import LoadSettings, NativeModel


def test_loading_reports_its_progress(tiny_gpt_oss: Path) -> None:
    seen: list[tuple[int, int]] = []
    size = tiny_gpt_oss.stat().st_size
    NativeModel.load(
        tiny_gpt_oss, LoadSettings(), report=lambda progress: seen.append((progress.done, progress.total))
    ).close()
    assert seen == sorted(seen) and seen[-1] == (size, size)


def test_loading_can_be_cancelled(tiny_gpt_oss: Path) -> None:
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        NativeModel.load(tiny_gpt_oss, LoadSettings(), report=lambda _: cancel.cancel(), cancel=cancel)
