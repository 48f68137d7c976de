"""gpt-oss's vocabulary (o200k_harmony): its control tokens by id, and its ordinary tokens' bytes, read from a GGUF.

openai-harmony needs `o200k_base.tiktoken`, which it would download. Every gpt-oss GGUF holds the same tokens in another
spelling, so that file is rebuilt from the GGUF, and used only if its SHA-256 is the published one.
"""

from __future__ import annotations

import binascii
import codecs
import hashlib
import itertools
import logging
import os
import tempfile
from array import array
from collections.abc import Sequence
from pathlib import Path

from models.faults import N_, ModelFault
from models.gguf.header import read_tokens

log = logging.getLogger(__name__)

TIKTOKEN_FILE = "o200k_base.tiktoken"
TIKTOKEN_SHA256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"
ORDINARY_TOKENS = 199_998  # ids below are text; ids from here on are control tokens, named or reserved

STARTOFTEXT = 199_998
ENDOFTEXT = 199_999
RETURN = 200_002
CONSTRAIN = 200_003
CHANNEL = 200_005
START = 200_006
END = 200_007
MESSAGE = 200_008
CALL = 200_012
# Two ordinary tokens that prompts are made with: "assistant" and "final". The vocabulary's hash guarantees their ids.
ASSISTANT = 173_781
FINAL = 17_196

STOP_IDS = frozenset({RETURN, CALL, ENDOFTEXT})
FINAL_HEADER = (START, ASSISTANT, CHANNEL, FINAL, MESSAGE)  # <|start|>assistant<|channel|>final<|message|>


class HarmonyVocabulary:
    """The bytes of every ordinary token, packed into one string: 2.4 MB instead of the 14 MB of a list.

    `spelled` are the tokens as a GGUF spells them, in GPT-2's byte characters. Raises ValueError for any other
    character.
    """

    def __init__(self, spelled: Sequence[str]) -> None:
        encoding = codecs.charmap_build(_byte_characters())
        self._bytes = codecs.charmap_encode("".join(spelled), "strict", encoding)[0]
        self._ends = array("I", itertools.accumulate(map(len, spelled), initial=0))  # each character is one byte

    def __len__(self) -> int:
        return len(self._ends) - 1

    def token_bytes(self, token_id: int) -> bytes:
        """The bytes of a token; empty for control tokens and ids that do not exist."""
        if 0 <= token_id < len(self._ends) - 1:
            return self._bytes[self._ends[token_id] : self._ends[token_id + 1]]
        return b""

    def tiktoken_file(self) -> bytes:
        """The vocabulary in tiktoken's file format: a line `base64 id` for each token."""
        packed, encode = self._bytes, binascii.b2a_base64
        return b"".join(
            [
                b"%b %d\n" % (encode(packed[start:end], newline=False), rank)
                for rank, (start, end) in enumerate(itertools.pairwise(self._ends))
            ]
        )


def load_harmony_vocabulary(gguf_path: Path, cache_dir: Path) -> HarmonyVocabulary:
    """Load the vocabulary of the GGUF and write `o200k_base.tiktoken` into `cache_dir` if it is not there. Takes half a
    second.

    Raises `ModelFault` unless this is gpt-oss's vocabulary, byte for byte, and if `cache_dir` cannot be written.
    """
    try:
        vocabulary = HarmonyVocabulary(read_tokens(gguf_path)[:ORDINARY_TOKENS])
        content = vocabulary.tiktoken_file()
    except ValueError:  # spelled in other characters
        content = b""
    if hashlib.sha256(content).hexdigest() != TIKTOKEN_SHA256:
        raise ModelFault(
            N_("This is not a gpt-oss model"),
            N_("{name} has another vocabulary than gpt-oss, so Papermoor cannot talk with it."),
            N_("Choose a gpt-oss-20b file, or download it from Papermoor."),
            name=gguf_path.name,
        )
    _write_if_different(content, cache_dir / TIKTOKEN_FILE)
    return vocabulary


def _byte_characters() -> str:
    """GPT-2's character for each byte (`bytes_to_unicode` in its encoder.py): the byte itself if it is printable, else
    the next character from U+0100 on."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    substitutes = iter(range(0x100, 0x200))
    return "".join(chr(byte if byte in printable else next(substitutes)) for byte in range(256))


def _write_if_different(content: bytes, path: Path) -> None:
    """Write `content` to `path` unless it is there already: whole or not at all, even if another process writes it."""
    try:
        if path.exists() and path.read_bytes() == content:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.replace(partial, path)
        except BaseException:
            os.unlink(partial)
            raise
    except OSError as error:
        raise ModelFault(
            N_("The vocabulary could not be saved"),
            N_("Writing {path} failed: {reason}."),
            N_("Free some space on that drive, or check the folder's permissions, then try again."),
            path=path,
            reason=error.strerror or type(error).__name__,
        ) from error
    log.info("rebuilt %s from the model's own vocabulary", path.name)
