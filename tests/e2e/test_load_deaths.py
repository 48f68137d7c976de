"""A model whose loading ends the program is loaded in safe mode at the next start, then left out with a reason.

The program is a real one that loads real files and dies within llama.cpp's own call (`tests.support.dying_load`).
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gguf
import psutil
import pytest

from core.cli.run import run_command_line
from core.domain.faults import ModelFault
from core.engines import load_trial
from core.engines.model_registry import ModelState, ModelStatus
from core.jobs import Job
from core.workspace import Workspace
from models.loading.crash_guard import FAST_MODE, SAFE_MODE, TRIAL_MODE
from models.loading.crash_log import CRASH_EXPIRY_S, CRASH_LOG_FILE, LoadCrashLog
from models.progress import Progress
from tests.support import gguf_models
from tests.support.dying_load import EXIT_CODE_OF_DEATH, die_loading, run_loading

pytestmark = [pytest.mark.skipif(os.name == "nt", reason="signals"), pytest.mark.timeout(300)]
LEFT_OUT_REASON = "ended the program, with the safest settings, too"
SAFER = "so the safest settings are used"
WOULD_HAVE_BEGUN_S = 0.2


@pytest.fixture
def model(tmp_path: Path, minilm_gguf: Path) -> Path:
    """An embedding model of this test's own."""
    return Path(shutil.copy(minilm_gguf, tmp_path / "my-minilm.gguf"))


@pytest.fixture
def data(tmp_path: Path, model: Path, ranker: Path, tiny_gpt_oss: Path) -> Path:
    """A data directory for which a model of each kind was chosen."""
    path = tmp_path / "data"
    with opened(path) as workspace:
        workspace.settings.change(embedder=str(model), reranker=str(ranker), chat_model=str(tiny_gpt_oss))
    return path


@contextmanager
def opened(data: Path) -> Iterator[Workspace]:
    """A context with the workspace opened, as at the next start."""
    workspace = Workspace.open(data)
    try:
        yield workspace
    finally:
        workspace.close()


def is_mapped(path: Path) -> bool | None:
    """Whether this process has the file mapped into its memory; None where that is unknown."""
    if sys.platform != "linux":
        return None
    return any(region.path == str(path) for region in psutil.Process().memory_maps())


def left_out(status: ModelStatus) -> bool:
    return status.state is ModelState.FAULTY and LEFT_OUT_REASON in str(status.fault)


def record_crashes(data: Path, kind: str) -> None:
    """Record two crashes of loading the model, as `run_loading` would cause them, and that of another process."""
    with opened(data) as workspace:
        status = workspace.model_registry.embedder() if kind == "embedder" else workspace.model_registry.reranker()
    assert status.path is not None
    for mode in (FAST_MODE, SAFE_MODE):
        LoadCrashLog(data / "cache").begin(status.path, mode)
    LoadCrashLog(data / "cache").record(status.path, TRIAL_MODE)


@pytest.mark.parametrize("death", ["abort", "kill", "exit"])
def test_a_program_that_was_killed_twice_while_loading_does_not_lose_the_model(
    data: Path, model: Path, death: str
) -> None:
    """The next start loads it in safe mode; after another end it is tried in another process, which survives."""
    assert run_loading(data, death, "embedder") == EXIT_CODE_OF_DEATH[death]
    with opened(data) as workspace:
        status, embedder = workspace.model_registry.embedder(), workspace.engines.embedder()
        assert status.state is ModelState.READY and SAFER in status.note
        assert embedder is not None and is_mapped(model) in (True, None)
    assert run_loading(data, death, "embedder") == EXIT_CODE_OF_DEATH[death]
    with opened(data) as workspace:
        assert workspace.model_registry.embedder().state is ModelState.READY
        assert workspace.engines.embedder() is not None and is_mapped(model) in (False, None)
        assert workspace.model_registry.embedder().note == ""


def test_a_file_that_ends_every_process_is_left_out_and_keywords_go_on(
    data: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in (FAST_MODE, SAFE_MODE):
        assert run_loading(data, "abort", "embedder") == EXIT_CODE_OF_DEATH["abort"]
    (tmp_path / "note.txt").write_text("The valve closes in winter.")
    with monkeypatch.context() as patched:
        patched.setattr(load_trial, "_load_embedder", die_loading)  # runs in the other process
        with opened(data) as workspace:
            assert workspace.engines.embedder() is None and left_out(workspace.model_registry.embedder())
            workspace.library.index([tmp_path / "note.txt"], Job())
            assert [one.path.name for one in workspace.retriever.search("valve").passages] == ["note.txt"]
        for words in (["status"], ["models", "list"], ["search", "valve"]):
            assert run_command_line([*words, "--data-dir", str(data)]) == 0
            printed = capsys.readouterr()
            assert LEFT_OUT_REASON in printed.out + printed.err and "my-minilm.gguf" in printed.out + printed.err
        given = ["--data-dir", str(data), "--embedder", str(model)]
        assert run_command_line(["index", str(tmp_path / "note.txt"), *given]) == 0
        assert run_command_line(["search", "valve", *given]) == 0
        assert "note.txt" in capsys.readouterr().out
    assert run_loading(data, "abort", "embedder") == 0, "it is not tried again"
    assert run_command_line(["models", "adopt", str(model), "--data-dir", str(data)]) == 0
    with opened(data) as workspace:
        assert workspace.engines.embedder() is not None


def test_a_model_that_crashes_only_with_rearranged_weights_is_loaded_mapped(
    data: Path, minilm_gguf: Path, model: Path
) -> None:
    for kind in ("embedder", "reranker"):
        assert run_loading(data, "abort", kind, only_fast=True) == EXIT_CODE_OF_DEATH["abort"]
        assert run_loading(data, "abort", kind, only_fast=True) == 0
    with opened(data) as workspace:
        safe, ranker = workspace.engines.embedder(), workspace.engines.reranker()
        assert safe is not None and ranker is not None and is_mapped(model) in (True, None)
        texts = ["The valve closes in winter.", "Bread is baked at night.", "word " * 400]
        vectors = safe.embed_passages(texts)
        fast = workspace.engines.open_embedder(minilm_gguf)
        try:
            assert fast.spec.fingerprint == safe.spec.fingerprint, "nothing has to be embedded anew"
            assert (vectors * fast.embed_passages(texts)).sum(axis=1).min() > 0.9999
        finally:
            fast.close()


def test_a_reranking_model_is_tried_in_another_process_too(data: Path) -> None:
    for _ in (FAST_MODE, SAFE_MODE):
        assert run_loading(data, "kill", "reranker") == EXIT_CODE_OF_DEATH["kill"]
    with opened(data) as workspace:
        assert workspace.engines.reranker() is not None and workspace.model_registry.reranker().note == ""


def test_a_reranking_model_is_left_out_and_searches_work_without(data: Path, tmp_path: Path) -> None:
    record_crashes(data, "reranker")
    (tmp_path / "note.txt").write_text("The valve closes in winter.")
    with opened(data) as workspace:
        assert left_out(workspace.model_registry.reranker()) and workspace.engines.reranker() is None
        assert workspace.engines.embedder() is not None, "another model is not blamed"
        workspace.library.index([tmp_path / "note.txt"], Job())
        assert workspace.retriever.search("valve", rerank=True).passages


def test_two_models_loaded_at_once_are_both_loaded_in_safe_mode_and_neither_is_left_out(
    data: Path, model: Path
) -> None:
    for _ in (FAST_MODE, SAFE_MODE):
        assert run_loading(data, "kill", "embedder chat") == EXIT_CODE_OF_DEATH["kill"]
    with opened(data) as workspace:
        assert workspace.model_registry.embedder().state is ModelState.READY
        assert workspace.engines.embedder() is not None and is_mapped(model) in (True, None)
        loaded = workspace.engines.load_chat_model(Job().report, Job().cancel)
        assert SAFER in str(loaded.plan.reasons[-1])
        assert workspace.engines.reranker() is not None and workspace.model_registry.reranker().note == ""
    crash_log = LoadCrashLog(data / "cache")
    assert not crash_log.has_crashed(model, SAFE_MODE), "it was loaded alone, which cleared it"
    assert crash_log.has_crashed(model, FAST_MODE)


def test_a_suspect_that_crashes_alone_is_tried_in_another_process(data: Path, model: Path) -> None:
    for kinds in ("embedder chat", "embedder chat", "embedder"):
        assert run_loading(data, "abort", kinds) == EXIT_CODE_OF_DEATH["abort"]
    with opened(data) as workspace:
        assert LoadCrashLog(data / "cache").crashed_alone(model, SAFE_MODE)
        assert workspace.engines.embedder() is not None and workspace.model_registry.embedder().note == ""


def test_a_finished_load_keeps_the_crash_log_entry_of_a_running_one(
    data: Path, model: Path, tiny_gpt_oss: Path
) -> None:
    while_loading: list[tuple[bool, bool]] = []
    with opened(data) as workspace:
        engines = workspace.engines

        def report(progress: Progress) -> None:
            """While the chat model is being loaded, load an embedding model and keep the crash log of that moment."""
            if not while_loading:
                loading = threading.Thread(target=engines.embedder)
                loading.start()
                loading.join()
                shutil.copytree(data / "cache", data / "as it was")
                found = LoadCrashLog(data / "as it was")
                assert engines.loaded_plan is not None
                mode = engines.loaded_plan.load_mode
                while_loading.append((found.crashed_alone(tiny_gpt_oss, mode), found.has_crashed(model, FAST_MODE)))

        engines.load_chat_model(report, Job().cancel)
        assert engines.embedder() is not None
        assert workspace.model_registry.embedder().note == "", "a running load is no crash"
    assert while_loading == [(True, False)]
    with opened(data) as workspace:
        assert workspace.model_registry.embedder().note == ""


def test_an_exclusive_load_and_others_wait_for_each_other(tmp_path: Path, model: Path, tiny_gpt_oss: Path) -> None:
    crash_log = LoadCrashLog(tmp_path / "cache")
    for first, second in ((False, True), (True, False)):
        running = crash_log.begin(tiny_gpt_oss, "one", exclusive=first)
        waiting = threading.Thread(
            target=lambda exclusive: crash_log.end(crash_log.begin(model, "two", exclusive=exclusive)), args=[second]
        )
        waiting.start()
        waiting.join(WOULD_HAVE_BEGUN_S)
        assert waiting.is_alive()
        crash_log.end(running)
        waiting.join()
    both = [crash_log.begin(path, "any") for path in (model, tiny_gpt_oss)]
    for entry in both:
        crash_log.end(entry)


def test_choosing_a_left_out_file_again_tries_it_again(data: Path, model: Path) -> None:
    record_crashes(data, "embedder")
    with opened(data) as workspace:
        assert left_out(workspace.model_registry.embedder())
        assert workspace.model_registry.adopt(model) == "embedder"
        assert workspace.model_registry.embedder().state is ModelState.READY
        assert workspace.engines.embedder() is not None and is_mapped(model) in (False, None)
        assert workspace.model_registry.embedder().note == ""
    with opened(data) as workspace:
        assert workspace.model_registry.embedder().state is ModelState.READY


def test_a_changed_file_is_tried(data: Path, model: Path) -> None:
    record_crashes(data, "embedder")
    with opened(data) as workspace:
        assert workspace.engines.embedder() is None
        os.utime(model, ns=(1, 1))
        assert workspace.engines.embedder() is not None and workspace.model_registry.embedder().note == ""


def test_a_left_out_file_is_tried_again_after_two_weeks(data: Path) -> None:
    record_crashes(data, "reranker")
    with opened(data) as workspace:
        assert left_out(workspace.model_registry.reranker())
    file = data / "cache" / CRASH_LOG_FILE
    stored = json.loads(file.read_text())
    for death in stored["deaths"].values():
        death["when"] -= CRASH_EXPIRY_S
    file.write_text(json.dumps(stored))
    with opened(data) as workspace:
        assert workspace.engines.reranker() is not None and workspace.model_registry.reranker().note == ""


def test_a_next_embedder_that_crashes_is_refused_and_the_old_one_stays(data: Path, model: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.gguf"
    gguf_models.write_minilm(gguf_models.minilm_folder(), other, pooling=gguf.PoolingType.CLS)
    LoadCrashLog(data / "cache").record(other, TRIAL_MODE)
    (tmp_path / "note.txt").write_text("The valve closes in winter.")
    with opened(data) as workspace:
        workspace.library.index([tmp_path / "note.txt"], Job())
        workspace.settings.change(next_embedder=str(other))
        with pytest.raises(ModelFault, match=LEFT_OUT_REASON):
            workspace.embedder_migration.question(Job())
        assert workspace.settings.current.next_embedder == ""
        assert workspace.model_registry.embedder().path == model and workspace.engines.embedder() is not None


def test_a_file_that_llama_cpp_refuses_is_a_fault_until_it_is_replaced(data: Path, model: Path) -> None:
    sound = model.read_bytes()
    model.write_bytes(sound.replace(b"blk.5.ffn_down.weight", b"blk.5.ffn_lost.weight"))
    with opened(data) as workspace:
        assert workspace.model_registry.embedder().state is ModelState.READY, "its header is whole"
        assert workspace.engines.embedder() is None
        assert "could not load my-minilm.gguf" in str(workspace.model_registry.embedder().fault)
        model.write_bytes(sound)
        os.utime(model, ns=(1, 1))
        assert workspace.engines.embedder() is not None
