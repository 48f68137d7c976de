"""`papermoor models`: list, get, adopt, remove and verify, with a model hub on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.cli.run import run_command_line
from models.catalog import catalog
from models.loading.crash_guard import FAST_MODE, SAFE_MODE, TRIAL_MODE
from models.loading.crash_log import LoadCrashLog
from tests.support.hub_server import Hub, Response, serving

Papermoor = Callable[..., tuple[int, str, str]]
KEY = "all-minilm-l6-v2"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, minilm_gguf: Path) -> Iterator[Hub]:
    """A hub with all-MiniLM-L6-v2, for which the catalog has no checksum."""
    with serving(Hub(minilm_gguf.read_bytes())) as made:
        offered = replace(catalog.entry_by_key(KEY), sha256=None, size_bytes=None, revision=None)
        monkeypatch.setattr(catalog, "ALL", (*catalog.CHAT_MODELS, offered))
        monkeypatch.setattr(catalog, "EMBEDDERS", (offered,))
        monkeypatch.setenv("HF_ENDPOINT", made.url)
        yield made


@pytest.fixture
def papermoor(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Papermoor:
    """Runs `papermoor models ARGUMENTS`; returns the exit status and what went to stdout and stderr."""
    for name in ("HOME", "USERPROFILE", "XDG_CACHE_HOME", "XDG_DATA_HOME", "HF_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))

    def call(*arguments: object) -> tuple[int, str, str]:
        status = run_command_line(["models", *map(str, arguments), "--data-dir", str(tmp_path / "data")])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return call


def result(called: tuple[int, str, str]) -> Any:
    status, out, err = called
    assert status == 0, err
    return json.loads(out)


def test_a_model_is_downloaded_verified_listed_and_removed(papermoor: Papermoor, hub: Hub, tmp_path: Path) -> None:
    rows = {row["key"]: row for row in result(papermoor("list", "--json"))["models"]}
    assert not rows[KEY]["downloaded"] and rows["gpt-oss-20b"]["licence"] == "Apache-2.0"
    hub.responses.extend([Response(end_byte=1_000_000), Response()])  # the connection breaks off once
    path = Path(result(papermoor("get", KEY, "--json"))["path"])
    assert path.read_bytes() == hub.content and hub.requested_ranges[-1] == "bytes=1000000-"
    assert "sound" in papermoor("verify")[1]
    assert "here" in papermoor("list")[1]
    assert result(papermoor("remove", KEY, "--json"))["removed"]
    assert list(path.parent.iterdir()) == []
    assert not result(papermoor("remove", KEY, "--json"))["removed"]
    settings = (tmp_path / "data" / "settings.toml").read_text(encoding="utf-8")
    assert path.name not in settings, "it is no longer chosen"


def test_a_damaged_file_is_found_though_the_catalog_has_no_hash(papermoor: Papermoor, hub: Hub) -> None:
    path = Path(result(papermoor("get", KEY, "--json"))["path"])
    content = bytearray(path.read_bytes())
    content[-1000] ^= 1
    path.write_bytes(content)
    status, out, err = papermoor("verify")
    assert status == 1 and "DAMAGED" in out and path.name in err


@pytest.mark.parametrize("damaged", [False, True])
def test_a_file_that_crashed_is_verified_and_downloaded_again_if_it_is_damaged(
    papermoor: Papermoor, hub: Hub, tmp_path: Path, damaged: bool
) -> None:
    path = Path(result(papermoor("get", KEY, "--json"))["path"])
    if damaged:
        path.write_bytes(hub.content[:-1000] + bytes(1000))
    for mode in (FAST_MODE, SAFE_MODE):
        LoadCrashLog(tmp_path / "data" / "cache").begin(path, mode)  # and then the program ended
    LoadCrashLog(tmp_path / "data" / "cache").record(path, TRIAL_MODE)
    assert list(result(papermoor("list", "--json"))["faults"]) == [str(path)]
    asked = len(hub.requested_ranges)
    assert Path(result(papermoor("get", KEY, "--json"))["path"]) == path
    assert path.read_bytes() == hub.content
    assert (len(hub.requested_ranges) > asked) == damaged
    assert result(papermoor("list", "--json"))["faults"] == {}


def test_a_file_that_crashed_is_tried_again_after_verification(papermoor: Papermoor, hub: Hub, tmp_path: Path) -> None:
    path = Path(result(papermoor("get", KEY, "--json"))["path"])
    for mode in (FAST_MODE, SAFE_MODE):
        LoadCrashLog(tmp_path / "data" / "cache").begin(path, mode)
    LoadCrashLog(tmp_path / "data" / "cache").record(path, TRIAL_MODE)
    assert "it is left out" in papermoor("list")[1]
    assert "sound" in papermoor("verify")[1]
    assert "it is left out" not in papermoor("list")[1]


def test_a_file_is_adopted_from_where_it_is(papermoor: Papermoor, tmp_path: Path, minilm_gguf: Path) -> None:
    assert result(papermoor("adopt", minilm_gguf, "--json")) == {"kind": "embedder", "path": str(minilm_gguf)}
    assert list((tmp_path / "data" / "models").glob("*")) == [], "nothing was copied"


def test_models_of_other_programs_are_listed(papermoor: Papermoor, tmp_path: Path, minilm_gguf: Path) -> None:
    theirs = tmp_path / "home" / ".lmstudio" / "models" / "somebody" / "minilm" / "all-minilm.gguf"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(minilm_gguf.read_bytes())
    found = {one["path"]: one for one in result(papermoor("list", "--json"))["found"]}
    assert (found[str(theirs)]["kind"], found[str(theirs)]["program"]) == ("embedder", "LM Studio")
    assert f"on this computer already: all-MiniLM-L6-v2 (LM Studio): {theirs}" in papermoor("list")[1]


def test_errors_are_printed_as_sentences(papermoor: Papermoor, tmp_path: Path) -> None:
    status, _, err = papermoor("get", "gpt-5")
    assert status == 1 and "There is no model gpt-5" in err
    (tmp_path / "text.gguf").write_text("no model", encoding="utf-8")
    status, _, err = papermoor("adopt", tmp_path / "text.gguf")
    assert status == 1 and "text.gguf is not a GGUF model file" in err
