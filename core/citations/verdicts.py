"""The application's own word on an answer, from its checked citations, the search's sign and the model's statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from core.citations.checker import check_sentences, statements
from core.citations.support import support
from core.domain.conversation import AnswerCheck, Verdict
from core.domain.documents import Citation, Support

ANSWERED_FROM = 0.45
"""Below this sign of the search, an answer without a supported citation counts as not in the documents."""
NEAREST = 3
LEAST_WORDS = 6
"""A shorter sentence without a citation leads in or ends politely, and is not asked for a source."""


def judge(
    text: str, sources: Sequence[Citation], *, nearest: Sequence[Citation], answered: float, declined: bool
) -> AnswerCheck:
    """`sources` are all that a number in `text` may name, `nearest` those given for the question, best first."""
    sentences = check_sentences(text, sources)
    found = Counter(sentence.support for sentence in sentences)
    verdict = _verdict(found)
    confirmed = found[Support.SUPPORTED] or found[Support.UNCHECKED]  # what cannot be compared says nothing against it
    if declined or (not confirmed and (answered < ANSWERED_FROM or not nearest)):
        return AnswerCheck(Verdict.NOT_IN_DOCUMENTS, sentences, tuple(nearest[:NEAREST]))
    if verdict is Verdict.SUPPORTED and _says_more(text, sources):
        verdict = Verdict.PARTLY
    return AnswerCheck(verdict, sentences)


def _verdict(found: Counter[Support]) -> Verdict:
    if found[Support.SUPPORTED]:
        return Verdict.SUPPORTED if found[Support.SUPPORTED] == found.total() else Verdict.PARTLY
    return Verdict.PARTLY if found[Support.WEAK] or found[Support.UNCHECKED] else Verdict.UNSUPPORTED


def _says_more(text: str, sources: Sequence[Citation]) -> bool:
    """Whether a sentence without a citation of its own holds what no cited passage says: one mark at the end of a
    paragraph stands for all of it, as people write."""
    found = statements(text)
    cited = {number for statement in found for number in statement.numbers}
    passages = "\n".join(f"{s.title} {s.section}\n{s.quote}" for s in sources if s.number in cited)
    bare = [s.text for s in found if not s.numbers and len(s.text.split()) >= LEAST_WORDS]
    return any(support(text, passages) is Support.NOT_FOUND for text in bare if not text.endswith((":", "?")))
