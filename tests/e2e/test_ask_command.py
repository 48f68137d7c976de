"""`papermoor ask` and `papermoor survey` in one process: scopes, answer formats, output and exit statuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.cli.run import EXIT_FAILED, EXIT_WRONG_USE, run_command_line
from core.domain.conversation import Verdict
from core.jobs import Job
from core.workspace import Workspace
from models.conversation import Sampling
from tests.support import speech


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data directory with two documents in it."""
    folder = tmp_path / "documents"
    for name, text in (("north/lease.txt", "The rent is 940 euros."), ("south/lease.txt", "The rent is 1,200 euros.")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text + "\n", encoding="utf-8")
    workspace = Workspace.open(tmp_path / "data")
    try:
        workspace.library.index([folder], Job())
    finally:
        workspace.close()
    return tmp_path / "data"


class Terminal:
    """Runs commands on the tiny model, which answers with the words of the last `says`."""

    def __init__(self, data_dir: Path, model: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
        self.documents = data_dir.parent / "documents"
        self._common = ["--data-dir", str(data_dir), "--model", str(model)]
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self._opened = Workspace.open

    def says(self, words: str) -> None:
        opened = self._opened
        sampling = Sampling(grammar=speech.grammar(speech.answer(words)), seed=1)
        self._monkeypatch.setattr(
            Workspace, "open", lambda *args, **named: opened(*args, **{**named, "sampling": sampling})
        )

    def run(self, *arguments: object) -> tuple[int, str, str]:
        status = run_command_line([*self._common, *map(str, arguments)])
        out, err = self._capsys.readouterr()
        return status, out, err

    def result(self, *arguments: object) -> Any:
        status, out, err = self.run("--json", *arguments)
        assert status == 0, err
        return json.loads(out)


@pytest.fixture
def terminal(
    data_dir: Path, tiny_gpt_oss: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Terminal:
    return Terminal(data_dir, tiny_gpt_oss, monkeypatch, capsys)


def test_ask_searches_the_given_scope_and_reports_the_context(terminal: Terminal) -> None:
    terminal.says("The rent is 940 euros [1].")
    north = terminal.documents / "north"
    answer = terminal.result("ask", "How much is the rent?", "--in", north, "--patience", "fast")
    assert answer["answer"] == "The rent is 940 euros [1]." and answer["verdict"] == Verdict.SUPPORTED
    assert set(answer) >= {"answer", "reasoning", "citations", "usage"}, "scripts rely on these keys"
    (citation,) = answer["citations"]
    assert citation["quote"] == "The rent is 940 euros." and citation["support"] == "supported"
    assert set(answer["read"]) == {
        "query", "passages", "documents", "searched", "library", "meaning", "whole", "answered", "patience", "wait_s",
    }  # fmt: skip
    assert answer["read"]["patience"] == "fast"
    assert (answer["read"]["passages"], answer["read"]["searched"], answer["read"]["library"]) == (1, 1, 2)
    whole = terminal.result("ask", "How much is the rent?", "--in", north / "lease.txt", "--whole")
    assert whole["read"]["whole"] and whole["omitted"] == []

    status, out, err = terminal.run("ask", "How much is the rent, @nobody?", "--in", north)
    assert status == 0 and "[1] " in out and "lease.txt" in out
    assert "1 passage from 1 of 1 document" in err and "There is no document named nobody." in err
    status, _, err = terminal.run("ask", "Anything?", "--in", terminal.documents / "west")
    assert status == EXIT_FAILED and "has nothing at" in err


def test_ask_answers_by_a_schema_or_fails_with_a_fault(terminal: Terminal, tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text('{"type": "object", "properties": {"rent": {"type": "integer"}}, "required": ["rent"]}')
    terminal.says('{"rent": 940}')
    answer = terminal.result("ask", "How much is the rent?", "--in", terminal.documents / "north", "--schema", schema)
    assert answer["data"] == {"rent": 940} and answer["verdict"] == Verdict.SUPPORTED
    status, out, _ = terminal.run("ask", "How much is the rent?", "--schema", schema)
    assert status == 0 and json.loads(out.splitlines()[0]) == {"rent": 940}

    terminal.says('{"rent": "much"}')
    status, _, err = terminal.run("ask", "How much is the rent?", "--schema", schema)
    assert status == EXIT_FAILED and "does not follow the schema" in err
    schema.write_text("[")
    status, _, err = terminal.run("ask", "How much is the rent?", "--schema", schema)
    assert status == EXIT_FAILED and "JSON schema" in err
    assert terminal.run("ask", "x", "--schema", schema, "--columns", "a")[0] == EXIT_WRONG_USE


def test_surveys_are_run_listed_exported_and_deleted(terminal: Terminal, tmp_path: Path) -> None:
    finding = {"text": "940 a month", "quote": "The rent is 940 euros", "value": "940 euros"}
    terminal.says(json.dumps({"findings": [finding]}))
    done = terminal.result("survey", "List all leases under 1,000", "--in", terminal.documents)
    assert (done["kind"], done["done"], len(done["documents"])) == ("list", True, 2)
    assert [one["meets"] for one in done["findings"]] == [True, None], "the other lease does not contain the quotation"
    assert done["coverage"].startswith("Read 2 of 2 documents")
    (listed,) = terminal.result("survey", "--list")["surveys"]
    assert listed["id"] == done["id"] and listed["done"]

    table = tmp_path / "table.csv"
    status, out, _ = terminal.run("survey", "--export", done["id"], "--csv", table)
    assert status == 0 and "| 1 | north/lease.txt, line 1 | 940 a month |" in out
    assert table.read_text(encoding="utf-8-sig").count("940 a month") == 2
    assert terminal.result("survey", "--resume", done["id"], "--retry")["done"]
    assert terminal.run("survey", "--delete", done["id"])[0] == 0
    assert terminal.result("survey", "--list") == {"surveys": []}
    assert terminal.run("survey", "--export", done["id"])[0] == EXIT_FAILED
    assert terminal.run("survey")[0] == EXIT_WRONG_USE and terminal.run("survey", "x", "--list")[0] == EXIT_WRONG_USE
