"""The command line in real processes, as a person at a terminal uses it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.parsing.process.confinement import confinement_parts
from tests.support.documents import Words, write_encrypted_pdf
from tests.support.pictures import picture_of, write_scan

Run = Callable[..., subprocess.CompletedProcess[str]]

MOORING = """# Mooring

## Where does the boat lie?

The boat lies at berth 42 of the old harbour, behind the customs house.

## Who may open the lock?

Only the harbour master, Ines Duarte, may open the lock after sunset.
"""
PAPER = "Paper boats last four minutes in still water and ninety seconds in rain.\n"


@pytest.fixture
def papermoor(tmp_path: Path) -> Run:
    """Run `papermoor ARGUMENTS` with a data directory of its own. Fails the test if it prints a traceback."""

    def run(*arguments: object, data_dir: Path = tmp_path / "data", env: dict[str, str] | None = None):  # type: ignore[no-untyped-def]
        command = [sys.executable, "-m", "gui", "--data-dir", str(data_dir), *map(str, arguments)]
        environment = os.environ | {"LC_ALL": "C.UTF-8", "DISPLAY": ""} | (env or {})
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=240, env=environment, cwd=Path(__file__).parents[2]
        )
        assert "Traceback" not in done.stderr + done.stdout, done.stderr
        return done

    return run


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "mooring.md").write_text(MOORING, encoding="utf-8")
    (folder / "paper.txt").write_text(PAPER, encoding="utf-8")
    return folder


def result(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_index_and_search_by_keywords_alone(papermoor: Run, documents: Path) -> None:
    (documents / "broken.pdf").write_bytes(b"%PDF-1.7 but nothing more")
    report = result(papermoor("--json", "index", documents))
    assert (report["documents"], report["indexed"], report["unchanged"], report["removed"]) == (2, 2, 0, 0)
    assert set(report) == {
        "documents", "indexed", "unchanged", "removed", "skipped", "chunks", "seconds", "scanned", "noted",
    }  # fmt: skip
    assert report["chunks"] >= 2 and report["seconds"] >= 0
    (skipped,) = report["skipped"]
    assert skipped["path"] == str(documents / "broken.pdf") and skipped["reason"]

    found = result(papermoor("search", "Who is allowed to open the lock?", "--json"))
    best = found["passages"][0]
    assert set(best) == {"rank", "score", "path", "page", "section", "start", "end", "text"}
    assert best["path"] == str(documents / "mooring.md") and best["page"] is None and best["rank"] == 1
    assert "Ines Duarte" in best["text"]
    assert MOORING[best["start"] : best["end"]] == best["text"]


def test_a_search_by_keywords_alone_says_why(papermoor: Run, documents: Path, minilm_gguf: Path) -> None:
    papermoor("index", documents)
    assert "there is no embedding model yet" in papermoor("search", "valve").stderr
    english = ("--embedder", minilm_gguf)
    assert "keywords only" not in papermoor("search", "winter valve", *english).stderr
    assert "does not know the language" in papermoor("search", "何处存储数据", *english).stderr


def test_unchanged_files_are_not_indexed_again_and_deleted_ones_are_removed(papermoor: Run, documents: Path) -> None:
    result(papermoor("index", documents, "--json"))
    again = result(papermoor("index", documents, "--json"))
    assert (again["indexed"], again["unchanged"]) == (0, 2)
    (documents / "paper.txt").unlink()
    after = result(papermoor("index", documents, "--json"))
    assert (after["documents"], after["removed"]) == (1, 1)
    assert all("paper" not in p["path"] for p in result(papermoor("search", "rain", "--json"))["passages"])


def test_a_file_of_queries_is_searched_in_one_process(
    papermoor: Run, documents: Path, tmp_path: Path, minilm_gguf: Path
) -> None:
    result(papermoor("--embedder", minilm_gguf, "--json", "index", documents))
    queries = tmp_path / "queries.jsonl"
    queries.write_text('{"id": "a", "question": "How long does a paper boat last?"}\n{"id": 2, "question": "berth"}\n')
    done = papermoor("--embedder", minilm_gguf, "search", "--queries", queries, "--limit", 1, "--max-chars", 300)
    first, second = [json.loads(line) for line in done.stdout.splitlines()]
    assert (first["id"], second["id"]) == ("a", 2)
    assert first["query"] == "How long does a paper boat last?"
    assert [p["path"] for p in first["passages"]] == [str(documents / "paper.txt")]
    assert [p["path"] for p in second["passages"]] == [str(documents / "mooring.md")]


def test_ask_streams_an_answer_and_reports_its_usage(papermoor: Run, documents: Path, tiny_gpt_oss: Path) -> None:
    result(papermoor("index", documents, "--json"))
    answer = result(
        papermoor(
            "--model", tiny_gpt_oss, "--json", "ask", "Where is the berth?", "--effort", "low", "--max-tokens", 24
        )
    )
    assert set(answer) >= {"answer", "reasoning", "citations", "usage"}
    usage = answer["usage"]
    assert set(usage) == {"prompt_tokens", "reused_tokens", "generated_tokens", "prefill_s", "decode_s"}
    assert usage["prompt_tokens"] > 100 and 0 < usage["generated_tokens"] <= 24


def test_text_prints_the_text_of_a_file(papermoor: Run, documents: Path) -> None:
    done = papermoor("text", documents / "mooring.md")
    assert (done.returncode, done.stdout) == (0, MOORING)
    (documents / "broken.pdf").write_bytes(b"%PDF-1.7 but nothing more")
    damaged = papermoor("text", documents / "broken.pdf")
    assert damaged.returncode == 1 and damaged.stdout == "" and len(damaged.stderr.strip().splitlines()) == 1


def test_a_scanned_file_is_recognised_and_reported_as_scanned(papermoor: Run, tmp_path: Path) -> None:
    words = [Words("The miller lives next door.", y=644, size=14)]
    scan = write_scan(tmp_path / "scan.pdf", picture_of(tmp_path, words))
    read = papermoor("text", scan)
    assert "The miller lives next door." in read.stdout and "scanned" in read.stderr
    unread = papermoor("text", scan, "--no-ocr")
    assert unread.returncode == 1 and "scanned" in unread.stderr
    report = result(papermoor("index", scan, "--json"))
    (skip,) = report["skipped"]
    assert report["documents"] == 1 and skip["indexed"] and "scanned" in skip["reason"]
    assert result(papermoor("search", "miller", "--json"))["passages"][0]["page"] == 0


def test_an_encrypted_file_is_opened_with_its_password(papermoor: Run, tmp_path: Path) -> None:
    locked = write_encrypted_pdf(tmp_path / "locked.pdf", "sesame")
    assert "password" in papermoor("text", locked).stderr
    assert papermoor("text", locked, "--password", "sesame").returncode == 0
    assert "password" in result(papermoor("index", locked, "--json"))["skipped"][0]["reason"]
    unlocked = papermoor("index", locked, "--json", env={"PAPERMOOR_PASSWORD": "sesame"})
    assert (result(unlocked)["documents"], result(unlocked)["skipped"]) == (1, [])


def test_status_and_doctor_print_text_or_json(papermoor: Run, documents: Path, tiny_gpt_oss: Path) -> None:
    result(papermoor("index", documents, "--json"))
    assert result(papermoor("status", "--json"))["documents"] == 2
    assert "2 documents" in papermoor("status").stdout
    doctor = result(papermoor("--model", tiny_gpt_oss, "doctor", "--json"))
    assert doctor["database"]["healthy"] and doctor["vectors"]["healthy"] and doctor["plan"]["context_tokens"] > 0
    words = papermoor("--model", tiny_gpt_oss, "doctor").stdout
    assert str(tiny_gpt_oss) in words
    parts = confinement_parts()
    assert doctor["confinement"]["system_calls"] is parts.system_calls
    assert doctor["confinement"]["landlock"] == parts.landlock
    assert "Processes that read documents: " in words and "confined" in words


def assert_one_sentence(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("papermoor: ") and all(word in line for word in words), line


def test_each_fault_is_printed_as_one_sentence(
    papermoor: Run, documents: Path, tmp_path: Path, minilm_gguf: Path
) -> None:
    assert_one_sentence(papermoor("ask", "Anything?"), "gpt-oss-20b")
    assert_one_sentence(papermoor("--model", tmp_path / "absent.gguf", "ask", "x"), "absent.gguf")
    assert_one_sentence(papermoor("--model", minilm_gguf, "ask", "x"), minilm_gguf.name)
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(minilm_gguf.read_bytes()[: 9 << 20])
    assert_one_sentence(papermoor("--embedder", cut, "search", "x"), "cut.gguf")
    assert_one_sentence(papermoor("index", tmp_path / "nowhere"), "nowhere")
    assert_one_sentence(papermoor("search", " "), "empty")
    assert_one_sentence(papermoor("search", "--queries", tmp_path / "none.jsonl"), "none.jsonl")
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    assert_one_sentence(papermoor("status", data_dir=blocked / "data"), str(blocked))


def test_a_second_process_is_refused_the_data_directory(papermoor: Run, tmp_path: Path) -> None:
    from core.workspace import Workspace

    workspace = Workspace.open(tmp_path / "data")
    try:
        assert_one_sentence(papermoor("status"), "Another copy", str(tmp_path / "data"))
    finally:
        workspace.close()
    assert papermoor("status").returncode == 0


@pytest.mark.parametrize("arguments", [("search",), ("search", "x", "--limit", "0"), ("fly",), ("index",)])
def test_wrong_arguments_exit_with_status_2(papermoor: Run, arguments: tuple[str, ...]) -> None:
    assert papermoor(*arguments).returncode == 2


def test_the_command_line_needs_no_qt(documents: Path, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        f"sys.argv = ['papermoor', '--data-dir', {str(tmp_path / 'data')!r}, 'search', 'boat']\n"
        "from gui.__main__ import main\n"
        "try:\n    main()\n"
        "finally:\n    assert not [m for m in sys.modules if m.startswith('PySide6')]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr


def test_a_search_explains_its_ranking(papermoor: Run, documents: Path) -> None:
    papermoor("index", documents)
    found = result(papermoor("search", "Who may open the lock?", "--explain", "--json"))
    assert 0 < found["answered"] <= 1
    why = found["passages"][0]["why"]
    assert set(why) == {
        "words", "neighbours", "meaning", "document", "keyword_rank", "meaning_rank", "cosine", "terms", "judgement",
        "judged", "standing",
    }  # fmt: skip
    assert why["keyword_rank"] == 1
    assert {term["term"] for term in why["terms"]} >= {"open", "lock"}
    assert set(why["terms"][0]) == {"term", "count", "weight", "document"}
    assert "by keywords: place 1" in papermoor("search", "Who may open the lock?", "--explain").stdout


def test_evaluate_measures_the_questions_of_a_folder(papermoor: Run, documents: Path) -> None:
    questions = [
        {"id": "1", "question": "Who may open the lock?", "relevant": [{"doc": "mooring.md", "quote": "Ines Duarte"}]},
        {"id": "2", "question": "How many seagulls are there?", "relevant": [], "corpus": documents.parent.name},
        {"id": "3", "question": "What does a whale eat?", "relevant": [], "corpus": "another"},
    ]
    (documents.parent / "queries.jsonl").write_text("\n".join(map(json.dumps, questions)), encoding="utf-8")
    documents.rename(documents.parent / "docs")
    found = result(papermoor("evaluate", documents.parent, "--json"))
    assert set(found) == {
        "folder", "documents", "passages", "questions", "measures", "answered", "unplaced", "median_ms", "slowest_ms",
        "meaning",
    }  # fmt: skip
    assert (found["questions"], found["documents"], found["meaning"]) == (2, 2, False)
    assert (found["measures"]["recall@1"], found["answered"]["all"]) == (1, 1)
    assert "recall@3000c" in papermoor("evaluate", documents.parent).stdout
