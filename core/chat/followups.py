"""Whether a question leans on the one before it: how follow-ups open, end and point, in the languages people ask in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from core.text.language import function_words

# Words that join a question to the one before. Only at its very beginning.
_OPENINGS = """
and|but|also|or|then|so|what about|how about|what else|anything else|same for|the same (?:for|with|in)|instead
e|mas|também|ou|e quanto|então
y|pero|también|entonces|qué hay de|y qué
et|mais|ou|alors|donc|qu[’']en est-il
und|aber|oder|dann|wie steht es mit|was ist mit
ma|anche|allora
а|и|но|тогда|а что
و?ماذا عن|وما|وماذا|وكيف|وهل|ومن|ومتى|وأين|وكم|ولماذا|لكن|إذن
और|लेकिन|तो|फिर|या
""".strip().replace("\n", "|")
_OPENING = re.compile(rf"^[¿¡\"'“«(\s]*(?:{_OPENINGS})(?=[\s,?؟…]|$)", re.IGNORECASE)
_OPENING_UNSPACED = re.compile(
    r"^(?:那么|那|还有|還有|另外|然后|然後|但是|以及|では|じゃあ|じゃ|それでは|それなら|そして|また|あと|他に|ほかに"
    r"|그럼|그러면|그리고|그런데|แล้ว|และ|แต่)"
)
_ENDING = re.compile(r"(?:呢|ล่ะ|(?:은|는)요|(?<=.)については|के बारे में क्या)\s*[?？]*$")
_SHORT_TOPIC = re.compile(r"^.{1,12}は[?？]$")

# Words that stand for something said before.
_POINTING = re.compile(
    r"(?<![\w\u0900-\u0dff-])(?:"
    r"it|its|itself|they|them|their|theirs|he|she|him|her|hers|his|this|these|those|that one|the other one"
    r"|the same one|the (?:former|latter|first one|second one|last one|others)"
    r"|(?:about|of|for|with|like|after|before|does|did|is) that(?=\s*(?:$|[?,.;]))"
    r"|(?:is|was) that (?:more|less|higher|lower|better|worse|the same|also|true|correct|right|still|enough|allowed)"
    r"|ele|ela|eles|elas|dele|dela|deles|delas|nele|nela|isso|isto|disso|nisso|aquilo|esse|essa|esses|essas|seu|seus"
    r"|suas"
    r"|él|ella|ellos|ellas|ello|eso|esto|aquello|ese|esa|esos|esas|su|sus"
    r"|cela|ça|celui-ci|celle-ci|ceux-ci|elle|elles|ils|lui|leur|leurs|ses"
    r"|er|ihm|ihn|ihnen|ihre|ihrer|ihren|ihrem|seine|seiner|seinem|seinen|seines|dessen|davon|dafür|damit|dazu|darüber"
    r"|lei|loro|questo|quello|suo|suoi|sue|он|она|оно|они|его|её|ему|ей|их|это"
    r"|(?<!ما )(?<!من )(?:هو|هي|هم)|ذلك|تلك|هذا|هذه|عنه|عنها|له|لها|فيه|فيها|منه|منها"
    r"|वह(?!.*\bजि)|वे|यह|ये|उस|उसका|उसके|उसकी|उसे|उन्हें|उनका|उनके|उनकी|इसका|इसके|इसकी|इसे"
    r")(?![\w\u0900-\u0dff’'-])",
    re.IGNORECASE,
)
_POINTING_UNSPACED = re.compile(
    r"它们?|她们?|他们|(?<![其吉])他(?![国國人])|这个|那个|这些|那些|這個|那個|這些|それ|その|これ(?!ら?まで)|この|あれ|彼女|彼|同社|同氏|そこ"
    r"|그것|그녀|이것|มัน|(?<!ภู)เขา|เธอ|อันนี้|อันนั้น"
)
# "It" that stands for nothing: "is it possible to …", "how long does it take to …".
_EMPTY_IT = re.compile(
    r"\b(?:is|was|would|will) it (?:possible|necessary|allowed|safe|true|better|best|important|recommended|required"
    r"|okay|ok|legal|worth|likely)\b|\b(?:does|did|would|will) it (?:take|cost|matter|mean)\b",
    re.IGNORECASE,
)
_IDLE = frozenset(
    """
a an and any are as at be been by can could did do does else for from had has have how i in is it more much many me my
no not of on or our please so some that the then there these they this to us was we were what when where which who why
will with would you your details example examples explain exactly tell about ok okay yes
""".split()
)
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
CONTENT_BEFORE = 3
"""So many words of content before a pronoun, or a name or a number, are what it stands for."""
UNSPACED_BEFORE = 7
"""The same in characters, for scripts without spaces."""
SHORT_UNSPACED = 4


@dataclass(frozen=True, slots=True)
class FollowUpSignals:
    """How a question leans: `joined` by how it opens or ends, `pointing` with a pronoun, `bare` with hardly a word of
    content of its own."""

    joined: bool
    pointing: bool
    bare: bool

    def __bool__(self) -> bool:
        return self.joined or self.pointing or self.bare


def follow_up_signals(question: str) -> FollowUpSignals:
    question = question.strip()
    joined = bool(_OPENING.search(question) or _OPENING_UNSPACED.search(question) or _ENDING.search(question))
    return FollowUpSignals(joined or bool(_SHORT_TOPIC.search(question)), _points(question), _is_bare(question))


def question_content_words(text: str) -> list[str]:
    """Words that are not there only to hold a sentence together."""
    return [w for w in _WORD.findall(text) if w.casefold() not in _IDLE and w.casefold() not in _function_words()]


@cache
def _function_words() -> frozenset[str]:
    return frozenset(function_words())


def _points(question: str) -> bool:
    """Whether a pronoun stands for something that this question does not name before it."""
    empty = [match.span() for match in _EMPTY_IT.finditer(question)]
    for pattern in (_POINTING, _POINTING_UNSPACED):
        for match in pattern.finditer(question):
            if any(start <= match.start() < end for start, end in empty):
                continue
            return not _names_something(question[: match.start()])
    return False


def _names_something(before: str) -> bool:
    if _UNSPACED.search(before):
        return len(before.strip()) >= UNSPACED_BEFORE
    words = _WORD.findall(before)
    named = any((word[0].isupper() and i > 0) or any(c.isdigit() for c in word) for i, word in enumerate(words))
    return named or len(question_content_words(before)) >= CONTENT_BEFORE


def _is_bare(question: str) -> bool:
    if _UNSPACED.search(question):
        return len(re.sub(r"\W", "", question)) <= SHORT_UNSPACED
    words, content = _WORD.findall(question), question_content_words(question)
    return not content or (len(content) == 1 and len(words) <= 2)
