"""Texts about an answer, for the window and the command line: its context, what was left out, the verdict."""

from __future__ import annotations

from collections.abc import Callable

from core.domain.conversation import Cause, ContextSummary, Omission, OmissionKind, SurveyKind, SurveySuggested, Verdict
from core.domain.documents import Support
from core.domain.locations import partly_read_words
from core.i18n import ngettext, tr


def context_summary_text(summary: ContextSummary) -> str:
    """For example: "6 passages from 4 of 212 documents"."""
    if not summary.passages:
        return ngettext("Nothing found in {n} document", "Nothing found in {n} documents", summary.searched)
    if summary.whole:
        sections = ngettext("{n} section", "{n} sections", summary.passages)
        documents = ngettext("{n} document", "{n} documents", summary.documents)
        return tr("{sections} of {documents}, in full", sections=sections, documents=documents)
    passages = ngettext("{n} passage", "{n} passages", summary.passages)
    documents = ngettext(
        "{found} of {n} document", "{found} of {n} documents", summary.searched, found=summary.documents
    )
    return tr("{passages} from {documents}", passages=passages, documents=documents)


def omission_text(omission: Omission) -> str:
    """Say what was left out and why, in one or two sentences."""
    text = _omitted_text(omission)
    cause_text = _CAUSE_TEXTS.get(omission.cause)
    return f"{text} {cause_text()}" if cause_text is not None else text


def verdict_text(verdict: Verdict) -> str:
    """State the verdict in one sentence; empty if every cited sentence is supported."""
    if verdict is Verdict.NOT_IN_DOCUMENTS:
        return tr("Your documents do not seem to answer this.")
    if verdict is Verdict.UNSUPPORTED:
        return tr("Nothing in this answer could be confirmed in your documents.")
    if verdict is Verdict.PARTLY:
        return tr("Some of this answer could not be confirmed in the passages it cites.")
    return ""


def support_text(support: Support) -> str:
    """State in one sentence whether the passage says it; empty if that was not checked."""
    texts = _SUPPORT_TEXTS.get(support)
    return texts[0]() if texts is not None else ""


def support_label(support: Support) -> str:
    """The same in a word or two, for a list or a table cell."""
    texts = _SUPPORT_TEXTS.get(support)
    return texts[1]() if texts is not None else ""


def survey_suggestion_text(suggestion: SurveySuggested) -> str:
    """Offer a survey, for a question that seems to be about every document or about what changed between two."""
    documents = ngettext("{n} document", "{n} documents", suggestion.documents)
    if suggestion.kind is SurveyKind.CHANGES:
        return tr("This compares whole documents. A survey would go through {documents} from beginning to end.",
                  documents=documents)  # fmt: skip
    return tr("This seems to be about all of your documents, and the answer rests on a few passages. "
              "A survey would read {documents} one by one.", documents=documents)  # fmt: skip


def _omitted_text(omission: Omission) -> str:
    n, total, name = omission.left_out, omission.total, omission.name
    if omission.kind is OmissionKind.PASSAGES:
        return ngettext("{n} more passage was found and not read.", "{n} more passages were found and not read.", n)
    if omission.kind is OmissionKind.TURNS:
        return ngettext(
            "The oldest question of this conversation is no longer in view.",
            "The {n} oldest questions of this conversation are no longer in view.", n,
        )  # fmt: skip
    if omission.kind is OmissionKind.PAGES:
        return partly_read_words(name, total - n, total)
    if omission.kind is OmissionKind.SECTIONS:
        return tr("Read {read} of {total} sections of {name}.", read=total - n, total=total, name=name)
    if omission.kind is OmissionKind.DOCUMENTS and omission.cause is Cause.UNKNOWN:
        return tr("{name} was chosen, but the library has nothing there.", name=name)
    if omission.kind is OmissionKind.DOCUMENTS:
        return ngettext("{n} chosen document was left out.", "{n} chosen documents were left out.", n)
    if omission.kind is OmissionKind.RESULT:
        return tr("The model was given the beginning of what {name} found; {n} characters were cut.", name=name, n=n)
    if omission.kind is OmissionKind.MENTION:
        return tr("There is no document named {name}.", name=name)
    return tr("The answer was cut before its end.")


_CAUSE_TEXTS = {
    Cause.LATENCY_BUDGET: lambda: tr("More would have taken longer than you want to wait."),
    Cause.CONTEXT: lambda: tr("More does not fit into what the model can keep in view."),
    Cause.NOT_READ: lambda: tr("Not read yet, or skipped."),
}
_SUPPORT_TEXTS: dict[Support, tuple[Callable[[], str], Callable[[], str]]] = {
    Support.SUPPORTED: (lambda: tr("The passage says this."), lambda: tr("Confirmed")),
    Support.WEAK: (lambda: tr("The passage says this only in part: look at it."), lambda: tr("In part")),
    Support.NOT_FOUND: (lambda: tr("This was not found in the passage: check it."), lambda: tr("Not found")),
}
"""For each result of a check, a sentence and a label."""
