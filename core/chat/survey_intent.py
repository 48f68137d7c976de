"""Questions about everything: seen in what is asked, and how long reading everything would take.

A question is one only if it names documents as a kind ("every invoice", "these reports"): "list all side effects" is
answered by the one leaflet that lists them.
"""

from __future__ import annotations

import re

from core.domain.conversation import SurveyKind
from core.store.conversations.model_speeds import Speed

LEAST_DOCUMENTS = 3
UNMEASURED = Speed(60.0, 8.0)
ANSWER_TOKENS = 150
"""Written about one part of a document, as a rule."""
INSTRUCTION_TOKENS = 80
CHARS_PER_TOKEN = 4.0
PART_CHARS = 12_000

_DOCUMENTS = (
    r"(?:documents?|files?|reports?|invoices?|bills?|contracts?|agreements?|leases?|papers?|articles?|letters?|e-?mails?"
    r"|statements?|receipts?|cvs?|r[eé]sum[eé]s?|applications?|minutes|notes|policies|filings?|studies|offers?|orders?"
    r"|documentos?|arquivos?|ficheiros?|relat[óo]rios?|faturas?|notas fiscais|contratos?|recibos?|cartas?|atas?"
    r"|archivos?|informes?|facturas?|acuerdos?|dokumente?n?|dateien|datei|berichte?n?|rechnung(?:en)?|vertr[äa]ge?n?"
    r"|briefe?n?|protokolle?n?|fichiers?|rapports?|factures?|contrats?|lettres?|documenti|fatture|contratti|rapporti)"
)
_UNSPACED_DOCUMENTS = (
    "(?:文件|文档|文檔|报告|報告|发票|發票|合同|合約|论文|論文|邮件|ファイル|文書|書類|レポート|報告書|請求書|契約)"
)
_ALL = (
    r"(?:all|every|each|any|todos|todas|cada|tod[oa]|alle[rn]?|jede[rsnm]?|sämtliche[rn]?|chaque|tous|toutes|tutti|tutte"
    r"|ogni)"
)
_BETWEEN = (
    r"(?:\s+(?:of|the|my|our|these|those|os|as|los|las|mis|meus|die|der|meine[rn]?|diese[rn]?|les|mes|ces|de|i|le|\d+))"
    r"{0,3}\s+"
)
_ALL_DOCUMENTS = rf"(?:{_ALL}{_BETWEEN}(?:[\w-]+\s+){{0,2}}?{_DOCUMENTS}\b)"
_SUMMARISE = re.compile(
    r"summar|resum[aio]|résum[eé]|zusammenfass|fass\w* .*zusammen|riassum|总结|總結|概括|摘要|要約|まとめ",
    re.IGNORECASE,
)
_CHANGES = re.compile(
    r"what(?:'s| is| has| have| was)? (?:been )?(?:changed|different|differs|new)|differences? between"
    r"|differs? between|\bhow (?:do|does|did)\b.*\bdiffer|compare|o que mudou"
    r"|diferen[çc]as? entre|qu[ée] (?:ha )?cambi|was hat sich geändert|unterschiede? zwischen|qu[’']est-ce qui a changé"
    r"|différences? entre|有什么(?:不同|变化|区别)|違い|変わった",
    re.IGNORECASE,
)
_TWO = re.compile(
    rf"\b(?:two|both|2|dois|duas|ambos|dos|zwei|beiden?|deux|due)\b.*\b{_DOCUMENTS}\b|\bversions?\b|versões|versiones"
    rf"|versionen|两份|两个|2つの",
    re.IGNORECASE,
)
_EVERYTHING = re.compile(
    "|".join(
        (
            rf"\b{_ALL_DOCUMENTS}",
            rf"\bwhich (?:ones )?of (?:the|my|our|these|those) (?:[\w-]+ ){{0,2}}?{_DOCUMENTS}\b",
            rf"\bhow many (?:[\w-]+ ){{0,2}}{_DOCUMENTS}\b",
            rf"\bwhich (?:[\w-]+ )?{_DOCUMENTS} (?!is\b|was\b|says\b)",
            rf"\b(?:across|throughout|over) (?:all|the|my|these) (?:[\w-]+ )?{_DOCUMENTS}\b",
            rf"\bthese \d+ {_DOCUMENTS}\b",
            rf"\b(?:quant[oa]s|cu[áa]nt[oa]s|wie viele|combien de) {_DOCUMENTS}\b",
            rf"(?:所有|全部|每[个份一]?)(?:的)?{_UNSPACED_DOCUMENTS}|(?:すべて|全て|各)の?{_UNSPACED_DOCUMENTS}",
        )
    ),
    re.IGNORECASE,
)
_LIST = re.compile(
    r"^\W*(?:please |bitte |por favor |s'il vous plaît )?(?:list|enumerate|name|show|give me|find|how many|which|liste"
    r"|enumere|enumera|mostre|nenne|zeige|welche|wie viele|cu[áa]nt|quant|quais|qu[ée]|cuáles|énumère|quels|quelles"
    r"|combien|elenca|列出|列举|挙げ)",
    re.IGNORECASE,
)


def about_everything(question: str, *, two_named: bool = False) -> SurveyKind | None:
    """What kind of survey would answer `question`; None for a question that a few passages answer. `two_named`: it
    names two documents, so that it may be about what differs between them."""
    if _CHANGES.search(question) and (two_named or _TWO.search(question)):
        return SurveyKind.CHANGES
    if not _EVERYTHING.search(question):
        return None
    if _SUMMARISE.search(question):
        return SurveyKind.SUMMARIES
    return SurveyKind.LIST if _LIST.search(question) else SurveyKind.QUESTION


def expected_s(text_chars: int, documents: int, speed: Speed | None) -> float:
    """About how long a model of this speed takes to read so much text, document by document, and note what it finds."""
    known = speed or UNMEASURED
    parts = documents + text_chars // PART_CHARS
    read = text_chars / CHARS_PER_TOKEN + parts * INSTRUCTION_TOKENS
    written = parts * ANSWER_TOKENS
    return read / known.prefill_tokens_s + written / (known.decode_tokens_s or UNMEASURED.decode_tokens_s)
