"""The application's verdict on an answer, from its checked citations, the search's answerability and any refusal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from core.citations.checker import check_sentences, statements
from core.citations.support import ComparisonBudget
from core.domain.conversation import AnswerCheck, Verdict
from core.domain.documents import Citation, Support

MIN_ANSWERABILITY = 0.45
"""Below this answerability (0 to 1, of the search), an answer without a supported citation is not in the documents."""
MAX_NEAREST = 3
MIN_UNCITED_WORDS = 6
"""A shorter sentence without a citation introduces or closes an answer and needs no source."""


def judge(
    text: str, sources: Sequence[Citation], *, nearest: Sequence[Citation], answerability: float, refused: bool
) -> AnswerCheck:
    """Return the verdict on the answer `text`. `sources` are all that a citation number in it may name, `nearest` the
    passages given for the question, best first; `answerability` is 0 to 1; `refused` if the model said that the
    documents do not answer. Any thread."""
    sentences = check_sentences(text, sources)
    found = Counter(sentence.support for sentence in sentences)
    verdict = _verdict(found)
    confirmed = found[Support.SUPPORTED] or found[Support.UNCHECKED]  # what cannot be compared says nothing against it
    if refused or (not confirmed and (answerability < MIN_ANSWERABILITY or not nearest)):
        return AnswerCheck(Verdict.NOT_IN_DOCUMENTS, sentences, tuple(nearest[:MAX_NEAREST]))
    if verdict is Verdict.SUPPORTED and _says_more(text, sources):
        verdict = Verdict.PARTLY
    return AnswerCheck(verdict, sentences)


def _verdict(found: Counter[Support]) -> Verdict:
    if found[Support.SUPPORTED]:
        return Verdict.SUPPORTED if found[Support.SUPPORTED] == found.total() else Verdict.PARTLY
    return Verdict.PARTLY if found[Support.WEAK] or found[Support.UNCHECKED] else Verdict.UNSUPPORTED


def _says_more(text: str, sources: Sequence[Citation]) -> bool:
    """Whether a sentence without a citation holds what no cited passage says. All cited passages count for it, because
    people often cite once at the end of a paragraph."""
    found = statements(text)
    cited = {number for statement in found for number in statement.numbers}
    passages = "\n".join(f"{s.title} {s.section}\n{s.quote}" for s in sources if s.number in cited)
    bare = [s.text for s in found if not s.numbers and len(s.text.split()) >= MIN_UNCITED_WORDS]
    budget = ComparisonBudget()
    return any(budget.support(text, passages) is Support.NOT_FOUND for text in bare if not text.endswith((":", "?")))
