"""`papermoor evaluate`: measures how well a search finds the known answers to the questions of a folder."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli.json_values import evaluation_values
from core.cli.output import Output
from core.domain.faults import N_, Fault
from core.evaluation.evaluation import Evaluation, evaluate
from core.evaluation.questions import KnownQuestion, read_questions
from core.i18n import tr
from core.jobs import Job
from core.workspace import Workspace

DOCUMENTS = "docs"
QUESTIONS = "queries*.jsonl"


def evaluate_command(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> None:
    """Index the folder's documents, then search for each of its questions and print the measures."""
    folder: Path = arguments.folder
    if not (folder / DOCUMENTS).is_dir():
        raise Fault(N_("Nothing there"), N_("There is no folder {path}."), path=folder / DOCUMENTS)
    questions = _questions(folder, arguments.questions)
    evaluation = evaluate(workspace.library, workspace.retriever, folder / DOCUMENTS, questions, Job(output.progress))
    output.finish_progress()
    if output.json:
        output.result(evaluation_values(str(folder), evaluation))
    else:
        _print_evaluation(evaluation, output)


def _questions(folder: Path, more: list[Path]) -> list[KnownQuestion]:
    """Read the folder's questions and those of the files in `more`, except unanswered ones that are for another
    folder."""
    files = sorted(folder.glob(QUESTIONS))
    if not files and not more:
        raise Fault(N_("No questions"), N_("There is no file {pattern} in {path}."), pattern=QUESTIONS, path=folder)
    questions = [question for file in (*files, *more) for question in read_questions(file)]
    return [question for question in questions if question.gold or question.corpus in ("", folder.resolve().name)]


def _print_evaluation(evaluation: Evaluation, output: Output) -> None:
    output.line(
        tr("{questions} questions over {passages} passages of {documents} documents", questions=evaluation.questions,
           passages=evaluation.passages, documents=evaluation.documents)
    )  # fmt: skip
    for name, value in evaluation.measures.items():
        output.line(f"  {name:<16} {100 * value:5.1f} %")
    for kind, value in evaluation.answerability_auc.items():
        output.line(
            "  " + tr("told from questions without an answer ({kind}): {value}", kind=kind, value=f"{value:.3f}")
        )
    output.line(
        "  " + tr("a search took {median} ms, at most {most} ms", median=f"{evaluation.median_ms:.0f}",
                  most=f"{evaluation.max_ms:.0f}")
    )  # fmt: skip
    for question_id in evaluation.unlocated_questions:
        output.note(tr("not found in what was read from the files: a place of question {id}", id=question_id))
    if not evaluation.semantic:
        output.note(tr("Searched by keywords only: there is no embedding model yet."))
