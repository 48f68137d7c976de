"""The tokenizer of a model file, for prompts made from a template: no text becomes a special token.

llama.cpp finds special tokens in texts even if told not to: it always matches user-defined ones (`<think>` in many
files), and a SentencePiece vocabulary may merge `<`, `/s` and `>` into the token that ends a text. So the result is
checked, and a text with such a token in it is tokenized again in parts, cut within the token's spelling.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from models.faults import N_, ModelFault
from models.llama.library import library
from models.llama.native import LoadSettings, NativeModel

UNKNOWN, CONTROL, USER_DEFINED, RSTRIP = 1 << 0, 1 << 3, 1 << 4, 1 << 8  # llama.h: llama_token_attr
NO_TOKENIZER = 0  # llama.h: LLAMA_VOCAB_TYPE_NONE
WHITESPACE: Final = frozenset(" \t\r\n\u2581")  # SentencePiece writes a space as U+2581
PIECE_CHARS = 8000  # some of llama.cpp's tokenizers recurse as deep as a text is long


class TemplateVocabulary:
    """The vocabulary of one model file, without its weights. Immutable, so any thread may use it."""

    def __init__(self, native: NativeModel, tags: Iterable[str] = ()) -> None:
        """Takes ownership of `native`. Those of `tags` that are a single token count as special tokens."""
        self._native = native
        weakref.finalize(self, native.close)
        lib, vocab = library(), native.vocab
        attributes = [lib.llama_vocab_get_attr(vocab, token) for token in range(native.vocab_size)]
        self._strips_after = {token for token, attribute in enumerate(attributes) if attribute & RSTRIP}
        self.stop_ids = frozenset(token for token in range(native.vocab_size) if native.is_end_of_generation(token))
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
        self._by_spelling = {text: token for token, text in self._spelling.items() if _is_markup(text)}
        self._pattern = _longest_of(self._by_spelling)
        self._forbidden = {
            token for token in self._spelling if token in self._control or _is_markup(self._spelling[token])
        }
        self._forbidden -= {token for token, attribute in enumerate(attributes) if attribute & UNKNOWN}
        self._adds_space = bool(tokens := self._tokenize("x")) and native.token_bytes(tokens[0]).startswith(b" ")
        self._line_break = self._tokenize("\n")
        self.adds_bos = bool(lib.llama_vocab_get_add_bos(vocab))
        self.bos: int = lib.llama_vocab_bos(vocab)
        self.eos: int = lib.llama_vocab_eos(vocab)

    @classmethod
    def load(cls, path: Path, tags: Iterable[str] = ()) -> TemplateVocabulary:
        """Load the vocabulary of the GGUF at `path`: less than a second for 250,000 tokens. Raises `ModelFault`."""
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
        """The spelling of a special token, as in a template; empty for an ordinary token."""
        return self._spelling.get(token, "")

    def token_bytes(self, token: int) -> bytes:
        """The bytes of a generated token: the spelling of a tag, nothing for any other control token."""
        if token in self._tags:
            return self._tags[token].encode()
        return b"" if token in self._control or token in self.stop_ids else self._native.token_bytes(token)

    def encode(self, text: str, *, follows_text: bool = False) -> list[int]:
        """The tokens of `text`, none of them special. `follows_text`: other text, not a control token, comes before."""
        tokens: list[int] = []
        parts = list(reversed(_split_at_spaces(text) if not self._adds_space else [text]))
        while parts:
            part = parts.pop()
            found = self._tokenize(part) if not tokens and not follows_text else self._tokenize_continuation(part)
            forbidden = self._forbidden.intersection(found)
            if not forbidden:
                tokens += found
            elif len(part) > 1:
                parts += reversed(self._cut_within_spellings(part, forbidden))
            else:
                tokens += self._tokenize_continuation("?")
        return tokens

    def segments(self, literal: str) -> list[int | str]:
        """A template's own output in parts: special tokens as ids, the text between them as str."""
        segments: list[int | str] = []
        start, strips = 0, False
        for match in (*self._pattern.finditer(literal), None):
            between = literal[start : match.start() if match else len(literal)]
            between = between.lstrip() if strips else between
            if between:
                segments.append(between)
            if match:
                token = self._by_spelling[match.group()]
                segments.append(token)
                start, strips = match.end(), token in self._strips_after
        return segments

    def encode_literal(self, literal: str) -> tuple[int, ...]:
        """The tokens of a template's own output, special ones included."""
        tokens: list[int] = []
        for segment in self.segments(literal):
            tokens += [segment] if isinstance(segment, int) else self.encode(segment, follows_text=not tokens)
        return tuple(tokens)

    def neutralise(self, text: str) -> str:
        """`text` with a space put into the spelling of each special token, for texts that cannot be kept apart from the
        template's own output."""
        while self._pattern.search(text):
            text = self._pattern.sub(lambda match: f"{match.group()[0]} {match.group()[1:]}", text)
        return text

    def _add_tag(self, tag: str) -> None:
        tokens = next(([token] for token, text in self._spelling.items() if text == tag), None) or self._tokenize(tag)
        if len(tokens) == 1:
            self._tags[tokens[0]] = self._spelling[tokens[0]] = tag

    def _tokenize(self, text: str) -> list[int]:
        return self._native.tokenize(text, add_special=False, parse_special=False)

    def _tokenize_continuation(self, text: str) -> list[int]:
        """The tokens of `text` after other text. Some tokenizers put a space before every text, so it is tokenized
        after a line break, whose tokens are then removed."""
        if self._adds_space:
            tokens = self._tokenize("\n" + text)
            if tokens[: len(self._line_break)] == self._line_break:
                return tokens[len(self._line_break) :]
        return self._tokenize(text)

    def _cut_within_spellings(self, text: str, forbidden: set[int]) -> list[str]:
        """`text` in parts, cut after the first character of each spelling of a `forbidden` token; in the middle if such
        a token came from another spelling."""
        pattern = _longest_of([self._spelling[token] for token in forbidden])
        cuts = [at for at in (match.start() + 1 for match in pattern.finditer(text)) if at < len(text)]
        cuts = cuts or [len(text) // 2]
        return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def _is_markup(text: str) -> bool:
    """Whether a special token's spelling is markup, and not a run of white space or a single character."""
    return len(text) > 1 and not WHITESPACE.issuperset(text)


def _longest_of(texts: Iterable[str]) -> re.Pattern[str]:
    """A pattern that matches the longest of `texts`; without texts, nothing."""
    return re.compile("|".join(re.escape(text) for text in sorted(texts, key=len, reverse=True)) or r"(?!)")


def _split_at_spaces(text: str) -> Sequence[str]:
    """`text` in pieces of up to `PIECE_CHARS` characters, cut between a letter or digit and a space, where a token ends
    in any case."""
    pieces, start = [], 0
    while len(text) - start > PIECE_CHARS:
        end = start + PIECE_CHARS
        candidates = range(end, end - PIECE_CHARS // 2, -1)
        cut = next((at for at in candidates if text[at] == " " and text[at - 1].isalnum()), end)
        pieces.append(text[start:cut])
        start = cut
    return [*pieces, text[start:]]
