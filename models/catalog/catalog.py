"""The catalog of known model files: where they are published, their sizes and checksums, and how to use them.

Sizes and SHA-256 are those of the hub's LFS records at the pinned revision, confirmed by several public manifests. What
is not that certain is None: a download then takes it from the hub, and logs it. Prefixes and pooling are from the
model cards.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from models.faults import N_

if TYPE_CHECKING:
    from models.gguf.header import GgufHeader

APACHE = "Apache-2.0"
MIT = "MIT"
GEMMA = "Gemma Terms of Use"
LICENCE_PAGES = {
    APACHE: "https://www.apache.org/licenses/LICENSE-2.0",
    MIT: "https://opensource.org/license/mit",
    GEMMA: "https://ai.google.dev/gemma/terms",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """A file in a repository of the hub. `revision` is a commit, None for the newest; `note` helps a person to choose.

    A GGUF file is recognised as this model if it has the `architecture` and one of `names` occurs in the model's name
    or the file's name, reduced to lower-case letters and digits.
    """

    key: str
    label: str
    repository: str
    file: str
    licence: str
    architecture: str
    names: tuple[str, ...]
    revision: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    note: str = ""

    @property
    def licence_url(self) -> str:
        return LICENCE_PAGES[self.licence]

    def describes(self, header: GgufHeader) -> bool:
        """Whether the file with this header is recognised as this model."""
        if header.architecture != self.architecture:
            return False
        names_in_file = [_alphanumeric(n) for n in (header.name, header.path.stem, header.text("general.basename"))]
        return any(name in in_file for name in self.names for in_file in names_in_file)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatModelEntry(ModelEntry):
    """A chat model. `context_tokens` is the longest context it was trained for."""

    context_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderEntry(ModelEntry):
    """An embedding model with vectors of `dimension` numbers, of which the first n alone can be used as well for each n
    in `shorter_dimensions`. `pooling` is "mean", "cls" or "last". Each prefix goes before the text."""

    dimension: int
    max_tokens: int
    pooling: str
    query_prefix: str = ""
    passage_prefix: str = ""
    shorter_dimensions: tuple[int, ...] = ()

    def describes(self, header: GgufHeader) -> bool:
        # ModelEntry is named, since zero-argument super() does not work in a dataclass with slots on Python 3.11.
        return header.embedding_length == self.dimension and ModelEntry.describes(self, header)


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankerEntry(ModelEntry):
    """A reranker. `template` joins a {query} and a {document}; it is empty where the tokenizer joins them as a pair of
    sentences."""

    max_tokens: int
    template: str = ""


CHAT_MODELS = (
    ChatModelEntry(
        key="gpt-oss-20b",
        label="gpt-oss-20b",
        repository="ggml-org/gpt-oss-20b-GGUF",
        revision="ef9b12f2ff56c69cf32153a02784e7a3c88bf524",
        file="gpt-oss-20b-MXFP4.gguf",
        size_bytes=12_109_566_624,
        sha256="27cd6c432c7672cb812a92f611cf3ba7bbc35928262bb1e1253ff4ee6ae35901",
        licence=APACHE,
        architecture="gpt-oss",
        names=("gptoss20b",),
        note=N_("OpenAI's open model: reasons before it answers, in any common language. Wants 16 GB of memory."),
        context_tokens=131_072,
    ),
    ChatModelEntry(
        key="gpt-oss-20b-2025",
        label="gpt-oss-20b (first edition of the file)",
        repository="ggml-org/gpt-oss-20b-GGUF",
        revision="e1dc459feff949ff451ce107337a2026daa80df8",
        file="gpt-oss-20b-mxfp4.gguf",
        size_bytes=12_109_566_560,
        sha256="be37a636aca0fc1aae0d32325f82f6b4d21495f06823b5fbc1898ae0303e9935",
        licence=APACHE,
        architecture="gpt-oss",
        names=("gptoss20b",),
        note=N_("The same model as it was published first; nothing is gained by having both."),
        context_tokens=131_072,
    ),
)

EMBEDDERS = (
    EmbedderEntry(
        key="embeddinggemma-300m",
        label="EmbeddingGemma 300M",
        repository="ggml-org/embeddinggemma-300M-GGUF",
        revision="0f741b5a6585bd53aeb15cd1372c56f2a0f65e12",
        file="embeddinggemma-300M-Q8_0.gguf",
        size_bytes=333_590_944,
        sha256="b5ce9d77a3fc4b3b39ccb5643c36777911cc4eb46a66962eadfa3f5f60490d63",
        licence=GEMMA,
        architecture="gemma-embedding",
        names=("embeddinggemma",),
        note=N_("Over 100 languages; a good balance of quality and speed."),
        dimension=768,
        max_tokens=2048,
        pooling="mean",
        query_prefix="task: search result | query: ",
        passage_prefix="title: none | text: ",
        shorter_dimensions=(512, 256, 128),
    ),
    EmbedderEntry(
        key="granite-311m-multilingual-r2",
        label="Granite Embedding 311M multilingual R2",
        repository="mykor/granite-embedding-311m-multilingual-r2-GGUF",
        file="granite-embedding-311M-multilingual-r2-Q8_0.gguf",
        licence=APACHE,
        architecture="modern-bert",
        names=("graniteembedding311m",),
        note=N_("Over 200 languages and source code; free software licence. About 347 MB."),
        dimension=768,
        max_tokens=8192,
        pooling="cls",
        shorter_dimensions=(512, 384, 256, 128),
    ),
    EmbedderEntry(
        key="granite-97m-multilingual-r2",
        label="Granite Embedding 97M multilingual R2",
        repository="mykor/granite-embedding-97m-multilingual-r2-GGUF",
        revision="45ce642d3fab2033d167ec09641a159010f7d9d9",
        file="granite-embedding-97M-multilingual-r2-Q8_0.gguf",
        licence=APACHE,
        architecture="modern-bert",
        names=("graniteembedding97m",),
        note=N_("Small and quick, for older computers; over 200 languages. About 115 MB."),
        dimension=384,
        max_tokens=8192,
        pooling="cls",
    ),
    EmbedderEntry(
        key="qwen3-embedding-0.6b",
        label="Qwen3 Embedding 0.6B",
        repository="Qwen/Qwen3-Embedding-0.6B-GGUF",
        revision="370f27d7550e0def9b39c1f16d3fbaa13aa67728",
        file="Qwen3-Embedding-0.6B-Q8_0.gguf",
        size_bytes=639_150_592,
        sha256="06507c7b42688469c4e7298b0a1e16deff06caf291cf0a5b278c308249c3e439",
        licence=APACHE,
        architecture="qwen3",
        names=("qwen3embedding06b",),
        note=N_("The best at finding English text; several times slower to index with."),
        dimension=1024,
        max_tokens=8192,
        pooling="last",
        query_prefix="Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:",
        shorter_dimensions=(768, 512, 256, 128, 64, 32),
    ),
    EmbedderEntry(
        key="bge-m3",
        label="BGE-M3",
        repository="ggml-org/bge-m3-Q8_0-GGUF",
        revision="9eba04c5d75ba5a1595e45de734d36bef4e5cb98",
        file="bge-m3-q8_0.gguf",
        size_bytes=634_553_760,
        sha256="aa473d51f451a22f0fcf39ba3330c14bed38a385712b1113440f69df4047a173",
        licence=MIT,
        architecture="bert",
        names=("bgem3",),
        note=N_("Over 100 languages, long passages; an older, well-known model."),
        dimension=1024,
        max_tokens=8192,
        pooling="cls",
    ),
    EmbedderEntry(
        key="nomic-embed-text-v1.5",
        label="Nomic Embed Text v1.5",
        repository="nomic-ai/nomic-embed-text-v1.5-GGUF",
        revision="0188c9bf409793f810680a5a431e7b899c46104c",
        file="nomic-embed-text-v1.5.Q8_0.gguf",
        size_bytes=146_146_432,
        sha256="3e24342164b3d94991ba9692fdc0dd08e3fd7362e0aacc396a9a5c54a544c3b7",
        licence=APACHE,
        architecture="nomic-bert",
        names=("nomicembedtextv15", "nomicembedtext15"),
        note=N_("English only; small and quick."),
        dimension=768,
        max_tokens=2048,
        pooling="mean",
        query_prefix="search_query: ",
        passage_prefix="search_document: ",
        shorter_dimensions=(512, 256, 128, 64),
    ),
    EmbedderEntry(
        key="all-minilm-l6-v2",
        label="all-MiniLM-L6-v2",
        repository="second-state/All-MiniLM-L6-v2-Embedding-GGUF",
        file="all-MiniLM-L6-v2-Q8_0.gguf",
        licence=APACHE,
        architecture="bert",
        names=("allminilml6v2",),
        note=N_("English only and short passages only; tiny, about 25 MB."),
        dimension=384,
        max_tokens=256,
        pooling="mean",
    ),
)

QWEN3_RERANKER_TEMPLATE = (
    "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the Instruct"
    " provided."
    ' Note that the answer can only be "yes" or "no".<|im_end|>\n<|im_start|>user\n'
    "<Instruct>: Given a web search query, retrieve relevant passages that answer the query\n"
    "<Query>: {query}\n<Document>: {document}<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
)

RERANKERS = (
    RerankerEntry(
        key="bge-reranker-v2-m3",
        label="BGE Reranker v2 M3",
        repository="gpustack/bge-reranker-v2-m3-GGUF",
        revision="3093af03b1a635e67b084b1d8c03c5f5e020fd05",
        file="bge-reranker-v2-m3-Q8_0.gguf",
        size_bytes=635_676_416,
        sha256="a43c7c9b11a4c1517e5bf95151960e1621d1b72f7a493364b01e386cf1aaa1d3",
        licence=APACHE,
        architecture="bert",
        names=("bgererankerv2m3",),
        note=N_("Puts the found passages into a better order; many languages."),
        max_tokens=8192,
    ),
    RerankerEntry(
        key="qwen3-reranker-0.6b",
        label="Qwen3 Reranker 0.6B",
        repository="ggml-org/Qwen3-Reranker-0.6B-Q8_0-GGUF",
        revision="a02f48bb4f057028298c21fa033da2b30d7742d5",
        file="qwen3-reranker-0.6b-q8_0.gguf",
        size_bytes=639_153_184,
        sha256="22c9979ce4fbcdc5acdc310c6641c32797eff1aa980b8f7a2db8a8ea23429a48",
        licence=APACHE,
        architecture="qwen3",
        names=("qwen3reranker06b",),
        note=N_("Puts the found passages into a better order; slower, over 100 languages."),
        max_tokens=8192,
        template=QWEN3_RERANKER_TEMPLATE,
    ),
)

ALL: tuple[ModelEntry, ...] = (*CHAT_MODELS, *EMBEDDERS, *RERANKERS)
DEFAULT_CHAT_MODEL = CHAT_MODELS[0]
DEFAULT_EMBEDDER = EMBEDDERS[0]
DEFAULT_RERANKER = RERANKERS[0]


def entry_by_key(key: str) -> ModelEntry:
    """The entry with this key. Raises KeyError if there is none."""
    for candidate in ALL:
        if candidate.key == key:
            return candidate
    raise KeyError(key)


def chat_model_for(header: GgufHeader) -> ChatModelEntry | None:
    """The entry of this chat model, if it is listed: that of the file with this size, else the first one by name."""
    matches = [candidate for candidate in CHAT_MODELS if candidate.describes(header)]
    same_size = (match for match in matches if match.size_bytes == header.size_bytes)
    return next(same_size, matches[0] if matches else None)


def embedder_for(header: GgufHeader) -> EmbedderEntry | None:
    """The entry of this embedding model, in whatever quantization; None if it is not listed."""
    return next((candidate for candidate in EMBEDDERS if candidate.describes(header)), None)


def reranker_for(header: GgufHeader) -> RerankerEntry | None:
    """The entry of this reranker, in whatever quantization; None if it is not listed."""
    return next((candidate for candidate in RERANKERS if candidate.describes(header)), None)


def entry_by_file_name(name: str) -> ModelEntry | None:
    """The entry of the file that is published under exactly this name; None if there is none."""
    return next((candidate for candidate in ALL if candidate.file == PurePath(name).name), None)


def _alphanumeric(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
