"""Every public function that works on the text of documents, answers, questions or names, as a function of one text."""

from __future__ import annotations

import contextlib
import json
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from core.chat import (
    answer_markdown,
    context_budget,
    conversation_titles,
    followups,
    mention_completion,
    mentions,
    query_rewriting,
    structured,
    survey_intent,
)
from core.chat.refusal_marker import RefusalMarkerFilter
from core.citations import checker, support, verdicts
from core.domain import file_names, heading_paths, locations
from core.domain.conversation import AnswerFormat, ChatMessage, FormatKind, SurveyKind
from core.domain.documents import (
    Citation,
    Document,
    DocumentState,
    DocumentText,
    Location,
    Passage,
    SearchResult,
    Support,
)
from core.domain.sheet_cells import SheetRows, range_of, within
from core.evaluation.gold_locations import locate_gold
from core.evaluation.questions import GoldAnswer
from core.library import context
from core.parsing import cleaning
from core.parsing.faults import ParseFault
from core.parsing.readers import encoding, markdown, plain
from core.retrieval import across, document_dates, phrase_search, question, snippets
from core.survey import changes, condition, export, prompts, quotes
from core.survey.values import Finding, RowState, Survey, SurveyRow
from core.text import (
    document_diff,
    graphemes,
    language,
    markdown_lines,
    months,
    normalization,
    number_words,
    sentences,
    stemming,
    tokenizer,
)
from gui.documents import text_window
from models.prompts.harmony_parser import HarmonyParser
from models.prompts.harmony_vocabulary import CHANNEL, MESSAGE
from models.prompts.think_parser import REASONING_TAGS, ReasoningMarkup, ThinkParser, parse_tool_calls
from tests.support import text_readers

TextFunction = Callable[[str], object]
PIECE_CHARS = 64
"""Of a text that arrives in pieces, as an answer does."""
SENTENCE = "Anna Smith sold 1,200 red cars to Firm7 on 3 May 2021 for $5 million, not more than in 2020 [1]."
PROSE = f"{SENTENCE} The other firm did not sell any of its twelve boats, etc. It was bought by No. 5. " * 8
PATH = Path("/folder/file.txt")


def every(found: Iterable[object]) -> None:
    """Run an iterator to its end."""
    deque(found, maxlen=0)


def _pieces(text: str) -> list[str]:
    return [text[at : at + PIECE_CHARS] for at in range(0, len(text), PIECE_CHARS)]


def citation(quote: str, number: int = 1) -> Citation:
    """A source with these words."""
    place = Location("text", line=1)
    return Citation(number, 1, PATH, "Report", None, "Sales", 0, len(quote), quote, Support.UNCHECKED, location=place)


def document(text: str, suffix: str = ".txt") -> DocumentText:
    """A document of the library with this text."""
    about = Document(1, 1, PATH.with_suffix(suffix), "Report", DocumentState.INDEXED, "", len(text), 0, None, 1)
    return DocumentText(about, text, (), format="text", headings=((0, "Sales"),))


def _passage(text: str, suffix: str = ".txt") -> Passage:
    return Passage(1, 1.0, 1, PATH.with_suffix(suffix), "Report", None, "Sales", 0, len(text), text)


def _encoded(text: str, name: str) -> None:
    with contextlib.suppress(ParseFault):
        encoding.decode(text.encode(name, "replace"))


def _changed(text: str) -> str:
    """`text` without its second quarter, and with other words in its third."""
    at = len(text) // 4
    return f"{text[:at]}{text[2 * at : 3 * at]} another word. {text[3 * at :]}"


def _survey(text: str) -> Survey:
    finding = Finding(text, citation(text), value=text)
    row = SurveyRow(1, PATH.with_name(text[:80].replace("/", " ") or "a"), RowState.READ, findings=(finding,) * 2)
    return Survey(1, text, 0.0, text, (row,), SurveyKind.QUESTION)


def _answer(text: str) -> ChatMessage:
    return ChatMessage(1, "assistant", text)


def _structured(text: str, kind: FormatKind) -> None:
    answer_format = AnswerFormat(kind, schema="{}", columns=("name", "value"))
    structured.checked_answer(_answer(text), answer_format, [citation(PROSE)], [], answerability=0.5)


def _table_answer(text: str) -> None:
    """An answer in the form of a table, whose cells are lines of the text."""
    rows = [{"name": line[:400], "value": line[-400:], "passage": 1} for line in _pieces(text)[:200]]
    _structured(json.dumps({"rows": rows}), FormatKind.TABLE)


def _find(words: str, text: str) -> None:
    every(phrase_search.phrase_pattern(words).finditer(text))


def _history(text: str) -> list[ChatMessage]:
    return [ChatMessage(1, "user", "What were Acme's net sales in May 2021?"), _answer(text)]


def _refusal(text: str) -> None:
    marker = RefusalMarkerFilter()
    for piece in text:
        marker.feed(piece)
    marker.flush()


def _harmony(text: str, start: Sequence[int] = (CHANNEL,)) -> None:
    pieces = _pieces(text)
    parser = HarmonyParser(lambda token: pieces[token].encode("utf-8", "surrogatepass"))
    for token in (*start, *range(len(pieces))):
        parser.feed(token)
    parser.finish()


def _think(text: str, *, tools: bool) -> None:
    pieces = _pieces(text)
    parser = ThinkParser(
        lambda token: pieces[token].encode("utf-8", "surrogatepass"),
        ReasoningMarkup(REASONING_TAGS[0], (), ()),
        offers_tools=tools,
    )
    for token in range(len(pieces)):
        parser.feed(token)
    parser.finish()


def _streamed(text: str) -> None:
    """An answer whose final part is looked for with every piece of it."""
    shown = 0
    for end in range(PIECE_CHARS, len(text), max(PIECE_CHARS, len(text) // 8)):
        shown += answer_markdown.stable_length(text[shown:end])
        answer_markdown.with_citation_links(text[shown:end])


def _windows(text: str) -> None:
    window = text_window.TextWindow.around(text, len(text) // 2, len(text) // 2 + 40)
    for _ in range(4):
        window = window.extended_down()
        window.page_positions(range(0, len(text), 200))
        window.position(window.high)
    window.extended_up().slice(window.low, window.high)


def _locations(text: str) -> None:
    places = [(at, at + 30) for at in range(0, len(text), 500)]
    rows = [SheetRows(at, at + 500, at // 500 + 1, (1, 2, 3)) for at in range(0, len(text), 501)]
    locations.locations_of("text", (), (), text, places)
    locations.locations_of("csv", tuple(range(0, len(text), 97)), (), text, places, rows)
    range_of(within(rows, 10, len(text), text), text[10:], 10)


def _headings(text: str) -> None:
    """The headings over many ranges, where every line is a heading."""
    paths = [(at, line[:60]) for at, line in enumerate(text.split("\n"))]
    for at in range(0, len(paths), max(1, len(paths) // 50)):
        heading_paths.section_over(paths, at, at + 20)
    heading_paths.section_over(paths, 0, len(text))


def _names(text: str) -> None:
    paths = [Path("/".join(f"/{piece}".split("/")[-20:])) for piece in _pieces(text)]
    file_names.disambiguated_names(paths)
    for path in paths:
        file_names.comparison_key(path.name)


def _characters(text: str) -> None:
    for at in range(len(text)):
        graphemes.splits_character(text, at)
        graphemes.splits_word(text, at)


def _markdown_parsed(text: str) -> None:
    every(markdown_lines.parse_lines(text.split("\n")))
    markdown_lines.context_after(text)
    markdown_lines.table_rows_end(text, 0)
    markdown_lines.table_rows_start(text, len(text))
    for line in text.split("\n"):
        markdown_lines.cell_spans(line)


def _query_words(text: str) -> None:
    query_rewriting.search_query(text, _history(PROSE))
    query_rewriting.search_query("And in 2022? What of it?", _history(text))


def _result(text: str, suffix: str) -> None:
    query = SearchResult(text[:300] or "a", (_passage(text, suffix),), 1, semantic=False)
    snippets.with_snippets(query)
    snippets.with_snippets(replace(query, query="word red a 1"))


_CUT = ("txt", "md", "py", "csv", "html")
FUNCTIONS: dict[str, TextFunction] = {
    "tokenizer.terms": tokenizer.terms,
    "sentences.sentence_spans": lambda text: every(sentences.sentence_spans(text)),
    "sentences.clause_ends": lambda text: every(sentences.clause_ends(text, 0, len(text))),
    "normalization.normalise": normalization.normalise,
    "normalization.content_words": lambda text: normalization.content_words(normalization.normalise(text)),
    "normalization.words_of": lambda text: normalization.words_of(normalization.normalise(text)),
    "normalization.numbers_in": normalization.numbers_in,
    "stemming.stem": lambda text: stemming.stem(normalization.fold(text)),
    "number_words.number_words": number_words.number_words,
    "months.months_in": months.months_in,
    "language.is_english": language.is_english,
    "language.is_latin": language.is_latin,
    "graphemes": _characters,
    "markdown_lines": _markdown_parsed,
    "document_diff.differences": lambda text: document_diff.differences(text, _changed(text)),
    "document_diff.differences of prose": lambda text: document_diff.differences(PROSE, text),
    "cleaning": lambda text: (cleaning.one_line(text), cleaning.tidy(text)),
    "encoding.decode cp1252": lambda text: _encoded(text, "cp1252"),
    "encoding.decode gb18030": lambda text: _encoded(text, "gb18030"),
    "markdown.heading_label": markdown.heading_label,
    "plain.heading_level": plain.heading_level,
    "citations.check of the answer": lambda text: checker.check(text, [citation(PROSE)]),
    "citations.check of cited words": lambda text: checker.check(f"{text} [1].", [citation(PROSE)]),
    "citations.check of the passage": lambda text: checker.check(SENTENCE, [citation(text)]),
    "citations.check of both": lambda text: checker.check(f"{text}[1]", [citation(_changed(text))]),
    "citations.judge": lambda text: verdicts.judge(
        text, [citation(PROSE)], nearest=[citation(PROSE)], answerability=0.9, refused=False
    ),
    "citations.judge beside a sentence": lambda text: verdicts.judge(
        f"{SENTENCE}\n{text}", [citation(PROSE)], nearest=[citation(PROSE)], answerability=0.9, refused=False
    ),
    "citations.normalise_marks": checker.normalise_marks,
    "citations.support": lambda text: support.support(text, PROSE, text[:300]),
    "citations.support by the passage": lambda text: support.support(SENTENCE.removesuffix(" [1]."), text),
    "citations.support of itself": lambda text: support.support(text, f"{text[1:]} {text[:-1]}"),
    "citations.best_span": lambda text: support.best_span(SENTENCE, text),
    "question.read_question": question.read_question,
    "across.asks_across": across.asks_across,
    "document_dates": lambda text: (document_dates.asks_for_latest(text), document_dates.date_of(text)),
    "snippets of text": lambda text: _result(text, ".txt"),
    "snippets of markdown": lambda text: _result(text, ".md"),
    "phrase_search": lambda text: _find(text[:40], text),
    "phrase_search of two words": lambda text: _find("a a b", text),
    "survey.locate_quote": lambda text: quotes.locate_quote(SENTENCE, text),
    "survey.locate_quote of itself": lambda text: quotes.locate_quote(text[:590] + " other", text),
    "survey.condition": lambda text: (condition.read_condition(text), condition.read_number(text)),
    "survey.to_csv": lambda text: export.to_csv(_survey(text)),
    "survey.to_markdown": lambda text: export.to_markdown(_survey(text)),
    "survey.change_findings": lambda text: changes.change_findings(document(text), document(_changed(text))),
    "survey.part_end": lambda text: prompts.part_end(text, 0, len(text) - 1),
    "survey.parse_findings": lambda text: prompts.parse_findings(
        json.dumps({"findings": [{"text": text, "quote": text, "value": text}] * 2}), document(PROSE), 0, len(PROSE),
        condition.Condition("over 5", 5.0),
    ),
    "answer_markdown.with_citation_links": lambda text: answer_markdown.with_citation_links(
        text, frozenset({1}), checker.check_sentences(f"{SENTENCE}\n" * (len(text) // 2000), [citation(PROSE)])
    ),
    "answer_markdown while streaming": _streamed,
    "followups": lambda text: (followups.follow_up_signals(text), followups.question_content_words(text)),
    "mentions.read_mentions": lambda text: mentions.read_mentions(text, lambda name: ()),
    "mentions.read_mentions of known": lambda text: mentions.read_mentions(text, lambda name: (1,)),
    "mention_completion": lambda text: (
        mention_completion.typed_mention(text), mention_completion.without_typed_mention(text)
    ),
    "query_rewriting.search_query": _query_words,
    "structured JSON": lambda text: _structured(text, FormatKind.JSON),
    "structured text in JSON": lambda text: _structured(json.dumps({"a": text, "b": [text[:99]]}), FormatKind.JSON),
    "structured table": _table_answer,
    "refusal_marker": _refusal,
    "survey_intent": lambda text: survey_intent.survey_kind(text, two_named=True),
    "context_budget": context_budget.chars_per_token,
    "conversation_titles": lambda text: conversation_titles.search_titles([], text),
    "locations": _locations,
    "locations.narrowed": lambda text: locations.narrowed(citation(text), len(text) // 2, len(text)),
    "locations.location_words": lambda text: locations.location_words(citation(text)),
    "heading_paths": _headings,
    "file_names": _names,
    "library.context": lambda text: context.content_hash(context.embedded_text("a", "b", text)),
    "evaluation.locate_gold": lambda text: locate_gold(GoldAnswer("a", quote=text[:99]), document(text)),
    "text_window": _windows,
    "text_window.find_quote": lambda text: text_window.find_quote(text, f"{text[5:600]}~", len(text) // 2),
    "harmony_parser": _harmony,
    "harmony_parser of an answer": partial(_harmony, start=(CHANNEL, MESSAGE)),
    "think_parser": partial(_think, tools=False),
    "think_parser with tools": partial(_think, tools=True),
    "think_parser within a call": lambda text: _think(f"<tool_call>{text}", tools=True),
    "think_parser.parse_tool_calls": parse_tool_calls,
    **{f"read {name}": partial(text_readers.read, parse) for name, parse in text_readers.READERS.items()},
    **{f"cut {name}": partial(text_readers.cut, text_readers.READERS[name]) for name in _CUT},
}  # fmt: skip
"""By name; each runs to its end, with what it needs beside the text as it is in ordinary use."""
