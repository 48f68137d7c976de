"""Whether a question is English: what an embedding model that knows English alone makes of others is noise."""

from __future__ import annotations

import re
import unicodedata

_FUNCTION_WORDS = {
    "en": "the of and to in is are was were what which who whom how when where why does did do has have from with"
    " by for on at that this it its be been an as or not can could should would there their i my you your if"
    " about into",
    "de": "der die das und ist sind war waren wer was wie wo wann warum welche welcher welches wird wurde wurden"
    " ein eine einer eines einem einen den dem des im zu zum zur mit von vom bei nach auf nicht auch es für"
    " hat haben viele in an am aus über heißt welchem welchen weshalb sagte gab sein als durch um seit kein"
    " keine ihr sich werden kann können man",
    "fr": "le la les des du une est sont était qui que quel quelle quels quelles dans pour avec sur par et au aux"
    " ce cette ces quand comment où pourquoi combien il elle ils dont été a ont en de un",
    "es": "el la los las un una y en del al es son fue fueron era que qué como cómo cual cuál cuáles cuando cuándo"
    " donde dónde quien quién quiénes por para con se su sus de cuántos cuántas cuánto ha han a no",
    "it": "il lo la gli le un uno una che chi di da del della dei delle nel nella è sono era furono come quale"
    " quali quando dove perché per con non si quanti quante quanto ha hanno in a",
    "pt": "o a os as um uma e em do da dos das no na nos nas que quem qual quais quando onde como por para com se"
    " seu sua é são foi foram era de quantos quantas quanto ao à não",
    "nl": "de het een en van is zijn was waren wat welke wie hoe wanneer waar waarom met voor op aan door niet ook"
    " bij in naar dat die deze werd heeft hebben hoeveel te",
    "ro": "ce care cine cum unde când cât câte câți de din la în pe cu a al ale lui un o este sunt era au fost și"
    " nu se pentru după a",
    "tr": "ne kim nasıl nerede zaman hangi kaç bir ve ile için bu da de mi mı mu mü olarak olan kadar nedir neden oldu",
    "pl": "co kto jak gdzie kiedy dlaczego który która które ile w z na do i jest są był była było nie się od po przez",
    "cs": "co kdo jak kde kdy proč který která které kolik v z na do a je jsou byl byla bylo se od po pro ve",
    "sv": "vad vem hur var när varför vilken vilket vilka och i på av en ett är som med för till den det de inte från",
    "da": "hvad hvem hvordan hvor hvornår hvorfor hvilken hvilket og i på af en et er som med for til den det de"
    " ikke fra blev har",
    "fi": "mikä kuka miten missä milloin miksi mitä ja on oli ei se että joka kuinka ovat olivat mihin",
    "vi": "là gì của và có những các trong cho ai khi nào ở đâu tại sao được đã bao nhiêu một với như thế từ",
    "id": "apa siapa bagaimana di mana kapan mengapa dan yang dari dengan untuk pada adalah ini itu oleh ke tidak",
    "hi": "का के की को में से ने पर है हैं था थी थे हो और या क्या कौन किस किसने किसके किसका किसकी किसे कब कहाँ कहां कैसे"
    " क्यों कितना कितने कितनी किन किया किए गया गई गए जाता जाती जाते यह वह ये वे इस उस इन उन एक भी ही तो कि जो नहीं लिए"
    " साथ द्वारा तक अपने अपनी अपना कर करता करते करती करने रहा रही रहे होता होती होते हुआ हुई हुए",
    "hu": "mi ki hogyan hol mikor miért melyik és a az egy van volt nem hogy milyen hány mely",
}
_LANGUAGES_OF: dict[str, tuple[str, ...]] = {}
for _language, _words in _FUNCTION_WORDS.items():
    for _word in _words.split():
        _LANGUAGES_OF[_word] = (*_LANGUAGES_OF.get(_word, ()), _language)
_WORD = re.compile(r"[^\W\d_]+")
FOREIGN_LETTERS = 0.2


def function_words() -> tuple[str, ...]:
    """Words of all these languages that only hold a sentence together."""
    return tuple(_LANGUAGES_OF)


def is_latin(text: str) -> bool:
    """Whether hardly any letter of `text` is of another script."""
    letters = [letter for letter in text if letter.isalpha()]
    return sum(not _is_latin(letter) for letter in letters) <= FOREIGN_LETTERS * len(letters)


def is_english(text: str) -> bool:
    """Whether `text` is English, or may be as far as one can tell: names and numbers belong to every language."""
    words = _WORD.findall(text.casefold())
    letters = "".join(words)
    if not letters or not is_latin(letters):
        return not letters
    votes = dict.fromkeys(_FUNCTION_WORDS, 0.0)
    for word in words:
        for language in (languages := _LANGUAGES_OF.get(word, ())):
            votes[language] += 1 / len(languages)
    accented = sum(not letter.isascii() for letter in letters)
    others = max(count for language, count in votes.items() if language != "en")
    return (votes["en"] >= others and accented <= 0.05 * len(letters)) or votes["en"] > 2 * others


def _is_latin(letter: str) -> bool:
    return letter.isascii() or letter <= "\u024f" or unicodedata.name(letter, "").startswith("LATIN")
