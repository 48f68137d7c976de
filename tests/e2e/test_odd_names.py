"""Files whose names are not valid UTF-8: indexed, found, mentioned in questions and moved."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from core.domain.conversation import AnswerSaved
from core.jobs import Job
from core.workspace import Workspace
from models.conversation import Sampling
from tests.support import speech

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file names are Unicode there")
NAME, MOVED = b"caf\xe9 \xff.txt", b"moved \xe9.txt"


def ask(workspace: Workspace, conversation: int, question: str) -> AnswerSaved:
    *_, saved = workspace.chat.ask(conversation, question)
    assert isinstance(saved, AnswerSaved)
    return saved


def test_a_file_with_an_undecodable_name_is_handled_like_any_other(tmp_path: Path, tiny_gpt_oss: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / os.fsdecode(NAME)).write_text("The falcon nests on the roof of the town hall.\n", encoding="utf-8")
    (folder / "other.txt").write_text("The rent is 940 euros.\n", encoding="utf-8")
    sampling = Sampling(grammar=speech.grammar(speech.answer("The falcon nests on the roof [1].")), seed=1)
    workspace = Workspace.open(tmp_path / "data", model=tiny_gpt_oss, sampling=sampling)
    try:
        assert workspace.library.index([folder], Job()).indexed == 2
        conversation = workspace.conversations.create()
        first = ask(workspace, conversation, "Where does the falcon nest?").message
        assert [os.fsencode(source.path.name) for source in first.citations] == [NAME]
        assert ask(workspace, conversation, "And where does the rent nest?").message.text, (
            "the turn before is rendered again"
        )
        answer = ask(workspace, conversation, f'Who nests in @"{os.fsdecode(NAME)}"?').message
        (summary,) = [
            one.context_summary for one in workspace.conversations.messages(conversation) if one.id == answer.id - 1
        ]
        assert summary is not None and summary.searched == 1
        (folder / os.fsdecode(NAME)).rename(folder / os.fsdecode(MOVED))
        workspace.library.index([folder], Job())
        titles = {os.fsencode(one.path.name): one.title for one in workspace.library.documents()}
        assert titles == {MOVED: "moved \ufffd", b"other.txt": "other"}
    finally:
        workspace.close()
