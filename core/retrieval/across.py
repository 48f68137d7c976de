"""Whether a question asks across documents ("which contracts mention ...", "compare the reports of 2021 and 2022").

Only words that name documents as a kind, in the plural or after "every", say so, and those that often mean something
else (statements, notes, articles) do not count: to spread the passages over documents costs a question that one
document answers. "Documents" and "files" after "which" need more, since "which documents do I need?" asks one of them.
"""

from __future__ import annotations

import re

_GENERAL = (
    r"(?:documents|files|documentos|arquivos|ficheiros|archivos|fichiers|dokumente|dateien)"  # plural, as a subject
)
_KINDS = (
    r"(?:reports|invoices|contracts|agreements|leases|receipts|filings|e-?mails|cvs|r[eé]sum[eé]s|10-[kq]s"
    r"|relat[óo]rios|faturas|notas fiscais|contratos|recibos"
    r"|informes|facturas|acuerdos|correos"
    r"|berichten?|rechnungen|verträgen?|quittungen|protokollen?"
    r"|rapports|factures|contrats|baux|courriels)"
)
_PLURAL = rf"(?:{_GENERAL}n?|{_KINDS})"
_SINGULAR = (
    r"(?:document|file|report|invoice|contract|agreement|lease|receipt|filing|e-?mail|cv|10-[kq]"
    r"|documento|arquivo|ficheiro|relat[óo]rio|fatura|contrato|recibo|archivo|informe|factura|acuerdo"
    r"|dokuments?|datei|berichts?|rechnung|vertrags?|quittung|protokolls?|fichier|rapport|facture|contrat|bail)"
)
_SAY = (
    r"(?:(?:that |which |do |que |qui |die )?(?:mention|contain|say|talk|speak|refer|discuss|describe|cover|deal"
    r"|mencionam|cont[eê]m|falam|dizem|tratam|citam|mencionan|contienen|hablan|dicen|tratan|citan"
    r"|erwähnen|enthalten|nennen|behandeln|sprechen|handeln|mentionnent|contiennent|parlent|disent|traitent|citent))"
)
_WHICH = r"(?:which|quais|qu[ée]|cu[áa]les|welche[nmr]?|quels|quelles)"
_OF_THEM = r"(?:of the |of my |of our |of these |d[oae]s |de los |de las |de mis |der |meiner |de ces |de mes )?"
_IN = (
    r"(?:in|across|among|throughout|between|from|over|nos|nas|nestes|nestas|nesses|nessas|em|entre|en|zwischen|aus"
    r"|dans|parmi)"
)
_THE = (
    r"(?:the|these|those|my|our|your|both|[\w&.-]+['’]s?|os|as|estes|estas|esses|essas|meus|minhas|nossos|nossas"
    r"|los|las|estos|mis|nuestros|nuestras|den|diesen|meinen|unseren|beiden|les|ces|mes|nos|deux)"
)
_ALL = r"(?:all|both|todos|todas|ambos|ambas|alle[nr]?|sämtliche[nr]?|beiden?|tous|toutes)"
_EVERY = r"(?:each|every|cada|jede[rsmn]?|chaque)"
_WORDS = r"(?:[\w-]+ ){0,2}?"
_COMPARE = (
    r"(?:compar(?:e|ing|ison|ar|ando|a|aci[óo]n|ação|er|ez|aison)|differ(?:s|ences?)?|vergleich\w*|unterschiede?)"
)
_FILES = frozenset("pdf doc docx xls xlsx ppt pptx odt ods odp rtf txt md htm html eml csv".split())
_NAME = re.compile(r"[\w.()-]+")

_ACROSS = re.compile(
    "|".join(
        rf"\b{pattern}\b"
        for pattern in (
            rf"{_WHICH} {_OF_THEM}(?:[\w-]+ )?{_KINDS}",
            rf"(?:in|em|en|dans) {_WHICH} {_OF_THEM}{_GENERAL}n?",
            rf"{_WHICH} {_OF_THEM}{_GENERAL} {_SAY}",
            rf"{_ALL} (?:of )?(?:{_THE} )?{_WORDS}{_PLURAL}",
            rf"{_EVERY} (?:of {_THE} |um d[oa]s |uno de los |una de las )?{_WORDS}(?:{_SINGULAR}|{_PLURAL})",
            rf"{_IN} {_THE} {_WORDS}{_PLURAL}",
            rf"(?:nos|nas|nestes|nestas|nesses|nessas) {_WORDS}{_PLURAL}",
            rf"{_COMPARE} .{{0,40}}?{_PLURAL}",
        )
    ),
    re.IGNORECASE,
)


def asks_across(question: str) -> bool:
    """Whether `question` is about documents as a kind, or names two files or more."""
    names = {name.rstrip(".").casefold() for name in _NAME.findall(question)}
    files = [name for name in names if name.rpartition(".")[2] in _FILES and "." in name]
    return len(files) > 1 or _ACROSS.search(" ".join(question.split())) is not None
