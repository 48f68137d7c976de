"""A model's own tokenizer, for prompts made from a template: no text of a person or document becomes a control token.

llama.cpp is told not to look for control tokens in texts, and does it all the same: it always takes user-defined ones
(`<think>` in many files), and a SentencePiece vocabulary may join `<`, `/s` and `>` to the token that ends a text. So
what comes out is looked at, and a text with such a token in it is tokenized in parts that are cut within its spelling.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from models.faults import N_, ModelFault
from models.llama.native import LoadSettings, NativeModel, library

UNKNOWN, CONTROL, USER_DEFINED, RSTRIP = 1 << 0, 1 << 3, 1 << 4, 1 << 8  # llama.h: llama_token_attr
NO_TOKENIZER = 0  # llama.h: LLAMA_VOCAB_TYPE_NONE
WHITESPACE: Final = frozenset(" \t\r\n\u2581")  # SentencePiece writes a space as U+2581
PIECE_CHARS = 8000  # some of llama.cpp's tokenizers go as deep as a text is long


class TemplateVocabulary:
    """The tokens of one model file. Any thread may use it: nothing in it changes, and no weights are loaded."""

    def __init__(self, native: NativeModel, tags: Iterable[str] = ()) -> None:
        """Takes over `native`. Of `tags`, those that are one token are kept out of texts, too."""
        self._native = native
        weakref.finalize(self, native.close)
        lib, vocab = library(), native.vocab
        attributes = [lib.llama_vocab_get_attr(vocab, token) for token in range(native.vocab_size)]
        self._strips_after = {token for token, attribute in enumerate(attributes) if attribute & RSTRIP}
        self.stop_ids = frozenset(token for token in range(native.vocab_size) if native.ends_generation(token))
        special = UNKNOWN | CONTROL | USER_DEFINED
        self._spelling: dict[int, str] = {
            token: lib.llama_vocab_get_text(vocab, token).decode("utf-8", "replace")
            for token, attribute in enumerate(attributes)
            if attribute & special or token in self.stop_ids
        }
        self._control = {token for token in self._spelling if attributes[token] & (CONTROL | UNKNOWN)}
        self._tags: dict[int, str] = {}
        for tag in tags:
            self._add_tag(tag)
        self._by_spelling = {text: token for token, text in self._spelling.items() if _is_marker(text)}
        self._pattern = _any_of(self._by_spelling)
        self._barred = {
            token for token in self._spelling if token in self._control or _is_marker(self._spelling[token])
        }
        self._barred -= {token for token, attribute in enumerate(attributes) if attribute & UNKNOWN}
        self._adds_space = bool(tokens := self._raw("x")) and native.piece(tokens[0]).startswith(b" ")
        self._guard = self._raw("\n")
        self.adds_bos = bool(lib.llama_vocab_get_add_bos(vocab))
        self.bos: int = lib.llama_vocab_bos(vocab)
        self.eos: int = lib.llama_vocab_eos(vocab)

    @classmethod
    def load(cls, path: Path, tags: Iterable[str] = ()) -> TemplateVocabulary:
        """The vocabulary of the GGUF at `path`, under a second for 250,000 tokens. Raises `ModelFault`."""
        native = NativeModel.load(path, LoadSettings(), vocab_only=True)
        if library().llama_vocab_type(native.vocab) == NO_TOKENIZER:
            native.close()
            raise ModelFault(
                N_("This model cannot be spoken to"),
                N_("{name} holds no tokenizer, which turns words into what a model reads."),
                N_("Choose another .gguf file of the model."),
                name=path.name,
            )
        return cls(native, tags)

    def spelling(self, token: int) -> str:
        """How a control token is written in a template; empty for none."""
        return self._spelling.get(token, "")

    def token_bytes(self, token: int) -> bytes:
        """What a generated token says: a tag its spelling, any other control token nothing."""
        if token in self._tags:
            return self._tags[token].encode()
        return b"" if token in self._control or token in self.stop_ids else self._native.piece(token)

    def encode(self, text: str, *, continues: bool = False) -> list[int]:
        """The tokens of `text`, none of them special; `continues` if what is before it is no control token."""
        tokens: list[int] = []
        parts = list(reversed(_pieces(text) if not self._adds_space else [text]))
        while parts:
            part = parts.pop()
            found = self._raw(part) if not tokens and not continues else self._tail(part)
            barred = self._barred.intersection(found)
            if not barred:
                tokens += found
            elif len(part) > 1:
                parts += reversed(self._cut(part, barred))
            else:
                tokens += self._tail("?")
        return tokens

    def segments(self, literal: str) -> list[int | str]:
        """A template's own text taken apart: its special tokens by id, what is between them as text."""
        found: list[int | str] = []
        at, strips = 0, False
        for match in (*self._pattern.finditer(literal), None):
            between = literal[at : match.start() if match else len(literal)]
            between = between.lstrip() if strips else between
            if between:
                found.append(between)
            if match:
                token = self._by_spelling[match.group()]
                found.append(token)
                at, strips = match.end(), token in self._strips_after
        return found

    def encode_literal(self, literal: str) -> tuple[int, ...]:
        """The tokens of a template's own text."""
        tokens: list[int] = []
        for segment in self.segments(literal):
            tokens += [segment] if isinstance(segment, int) else self.encode(segment, continues=not tokens)
        return tuple(tokens)

    def neutral(self, text: str) -> str:
        """`text` with a space in the spelling of each special token: for where it cannot be kept apart from markup."""
        while self._pattern.search(text):
            text = self._pattern.sub(lambda match: f"{match.group()[0]} {match.group()[1:]}", text)
        return text

    def _add_tag(self, tag: str) -> None:
        tokens = next(([token] for token, text in self._spelling.items() if text == tag), None) or self._raw(tag)
        if len(tokens) == 1:
            self._tags[tokens[0]] = self._spelling[tokens[0]] = tag

    def _raw(self, text: str) -> list[int]:
        return self._native.tokenize(text, add_special=False, parse_special=False)

    def _tail(self, text: str) -> list[int]:
        """`text` as it goes on after other text. Some tokenizers begin every text with a space of their own, so it is
        put behind a line break, whose tokens are taken away again."""
        if self._adds_space:
            tokens = self._raw("\n" + text)
            if tokens[: len(self._guard)] == self._guard:
                return tokens[len(self._guard) :]
        return self._raw(text)

    def _cut(self, text: str, barred: set[int]) -> list[str]:
        """`text` in parts, cut after the first letter of each of the barred tokens' spellings; in the middle if the
        token came from another spelling."""
        pattern = _any_of([self._spelling[token] for token in barred])
        cuts = [at for at in (match.start() + 1 for match in pattern.finditer(text)) if at < len(text)]
        cuts = cuts or [len(text) // 2]
        return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def _is_marker(text: str) -> bool:
    """Whether a special token's spelling means more than itself: runs of spaces and single letters do not."""
    return len(text) > 1 and not WHITESPACE.issuperset(text)


def _any_of(texts: Iterable[str]) -> re.Pattern[str]:
    """The longest of `texts` at a place, or nothing."""
    return re.compile("|".join(re.escape(text) for text in sorted(texts, key=len, reverse=True)) or r"(?!)")


def _pieces(text: str) -> Sequence[str]:
    """`text` cut where a space follows a letter, which ends a token anyway."""
    pieces, start = [], 0
    while len(text) - start > PIECE_CHARS:
        end = start + PIECE_CHARS
        space = next(
            (at for at in range(end, end - PIECE_CHARS // 2, -1) if text[at] == " " and text[at - 1].isalnum()), end
        )
        pieces.append(text[start:space])
        start = space
    return [*pieces, text[start:]]
