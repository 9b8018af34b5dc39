"""Text made findable: Chinese by character, by pinyin and by initials, everything else by word.

Owns: folding, search terms and the key under which company names are compared. The terms go into a tsvector
as they stand (`array_to_tsvector`); `tsquery` writes what is asked of it. Never touches the database.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

from pypinyin.constants import PHRASES_DICT, PINYIN_DICT
from pypinyin.contrib.tone_convert import to_normal

from core.kernel.words import read_lines, read_words

__all__ = [
    "bare",
    "fold",
    "grams",
    "initials",
    "phone_terms",
    "pinyin",
    "query_terms",
    "search_vector_terms",
    "strip_company",
    "tsquery",
]

_HAN: Final = r"\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_CJK: Final = rf"{_HAN}\u3040-\u30ff\u31f0-\u31ff\uac00-\ud7af\u3100-\u312f"
_CJK_RUN: Final = re.compile(f"[{_CJK}]+")
_HAN_ONE: Final = re.compile(f"[{_HAN}]")
_PIECES: Final = re.compile(f"[{_CJK}]+|[^\\W_{_CJK}]+")
_SYLLABLES_MAX: Final = 24
_TERM_MAX: Final = 100
_READINGS_MAX: Final = 4
_PHONE_SUFFIX_MIN: Final = 4
_QUERY_TERMS_MAX: Final = 24
_PHRASE_MAX: Final = 5

# Characters of given names that people read in two ways, the usual one first.
_TWO_READINGS: Final = {
    "乐": ("le", "yue"), "茜": ("qian", "xi"), "重": ("chong", "zhong"), "行": ("xing", "hang"),
    "长": ("chang", "zhang"), "朝": ("chao", "zhao"), "单": ("dan", "shan"), "曾": ("zeng", "ceng"),
    "莎": ("sha", "suo"), "娜": ("na", "nuo"), "晟": ("sheng", "cheng"), "柏": ("bai", "bo"),
    "薇": ("wei",), "藏": ("zang", "cang"), "盛": ("sheng", "cheng"), "为": ("wei",), "调": ("tiao", "diao"),
    "参": ("can", "shen"), "都": ("du", "dou"), "和": ("he",), "好": ("hao",), "宁": ("ning",),
    "强": ("qiang",), "朴": ("pu", "piao"), "壳": ("ke", "qiao"), "传": ("chuan", "zhuan"),
    "琢": ("zhuo", "zuo"), "厦": ("xia", "sha"), "隽": ("jun", "juan"), "圳": ("zhen",), "祭": ("ji", "zhai"),
}  # fmt: skip


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """Make texts comparable: half width, lower case, Latin accents off; traditional characters stay."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(map(_plain, folded))


def _plain(letter: str) -> str:
    """Take the accents off a Latin letter; kana and hangul must keep their marks."""
    if letter < "\u0080" or not (letter < "\u0250" or "\u1e00" <= letter <= "\u1eff"):
        return letter
    return _SPECIAL.get(letter) or unicodedata.normalize("NFD", letter)[0]


_SPECIAL: Final = {"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ı": "i"}


@lru_cache(maxsize=4096)
def _pieces(text: str) -> tuple[str, ...]:
    """Cut a text into its runs of characters and its words, folded."""
    return tuple(_PIECES.findall(fold(text)))


def _is_run(piece: str) -> bool:
    return not piece.isascii() and _CJK_RUN.match(piece) is not None


def grams(text: str) -> list[str]:
    """Cut Chinese, Japanese and Korean text into its characters and neighbouring pairs."""
    found: dict[str, None] = {}
    for run in filter(_is_run, _pieces(text)):
        found.update(dict.fromkeys(run))
        found.update(dict.fromkeys(map("".join, pairwise(run))))
    return list(found)


def bare(text: str) -> str:
    """Reduce a text to its folded letters and digits: C-2026-0001 → c20260001, Big Acme → bigacme."""
    return "".join(_pieces(text))


@cache
def _surnames() -> dict[str, tuple[str, ...]]:
    table = {}
    for line in read_lines("surnames"):
        name, *syllables = line.split()
        table[name] = tuple(syllables)
    return table


def _surname_length(name: str) -> int:
    for length in (4, 3, 2):
        if len(name) > length and name[:length] in _surnames():
            return length
    return 1


@lru_cache(maxsize=8192)
def _usual(character: str) -> str:
    readings = PINYIN_DICT.get(ord(character), "")
    return str(to_normal(readings.split(",")[0], v_to_u=False)) if readings else ""


def _person(run: str, *, at_start: bool) -> list[tuple[str, ...]]:
    """List the readings of each character of a person's name; the surname has one only."""
    length = _surname_length(run) if at_start and len(run) > 1 else 0
    head, rest = run[:length], run[length:]
    known = _surnames().get(head)
    first = known or tuple(_usual(character) for character in head)
    return [(one,) for one in first] + [_TWO_READINGS.get(one) or (_usual(one),) for one in rest]


def _company(run: str) -> list[tuple[str, ...]]:
    """Read by the longest phrases of pypinyin's dictionary, characters outside them as usual."""
    found: list[tuple[str, ...]] = []
    start = 0
    while start < len(run):
        for end in range(min(len(run), start + _PHRASE_MAX), start + 1, -1):
            if phrase := _phrase(run[start:end]):
                found += phrase
                start = end
                break
        else:
            found.append((_usual(run[start]),))
            start += 1
    return found


@lru_cache(maxsize=65_536)
def _phrase(text: str) -> list[tuple[str, ...]]:
    marked = PHRASES_DICT.get(text, ())
    return [(str(to_normal(one[0], v_to_u=False)),) for one in marked]


class _Part(NamedTuple):
    """A syllable in all its readings, or a word of another script."""

    readings: tuple[str, ...]
    is_word: bool = False

    def initial(self, reading: str) -> str:
        """Give what stands for this part among the initials."""
        return reading if self.is_word else reading[0]


@lru_cache(maxsize=4096)
def _spelled(name: str, person: bool) -> Sequence[_Part]:
    """Spell a name; a company's legal form is left out, nobody searches by it."""
    parts: list[_Part] = []
    folded = fold(name) if person else _legal_forms()[0].sub("", fold(name))
    for piece in _PIECES.findall(folded):
        if not _HAN_ONE.match(piece):
            parts.append(_Part((piece,), is_word=True))
        else:
            readings = _person(piece, at_start=not parts) if person else _company(piece)
            parts += [_Part(one) for one in readings if one[0]]
    return tuple(parts[:_SYLLABLES_MAX])


def pinyin(name: str, person: bool = True) -> str:
    """Spell a name in joined pinyin without tones: 张伟 zhangwei, 单雄信 shanxiongxin.

    `person` reads the surname by the table of surnames; companies are read by phrases (重庆 chongqing)
    and without their legal form.
    """
    return "".join(part.readings[0] for part in _spelled(name, person))


def initials(name: str, person: bool = True) -> str:
    """Give the first letter of each syllable: 张伟 zw; words of other scripts stay whole."""
    if not _HAN_ONE.search(name):
        return ""
    return "".join(part.initial(part.readings[0]) for part in _spelled(name, person))


def _variants(parts: Sequence[_Part]) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for part in parts:
        found = [[*before, reading] for before in found for reading in part.readings][:_READINGS_MAX]
    return found


def _pinyin_terms(name: str, person: bool) -> Iterator[str]:
    if name.isascii() or not _HAN_ONE.search(name):
        return
    parts = _spelled(name, person)
    for syllables in _variants(parts):
        letters = [part.initial(one) for part, one in zip(parts, syllables, strict=True)]
        spelled, short = _endings(syllables), _endings(letters)
        yield from spelled
        yield from short[1:] or short
        # ü is v in pinyin without marks; people also type u, and passports say yu.
        for marked in [one for one in spelled if "lv" in one or "nv" in one]:
            yield re.sub("(?<=[ln])v", "u", marked)
            yield re.sub("(?<=[ln])v", "yu", marked)


def _endings(parts: Sequence[str]) -> list[str]:
    """Join the parts from each of them to the end, the shortest first."""
    return list(accumulate(reversed(parts), lambda after, part: part + after))


def search_vector_terms(*names: str, person: bool = True) -> list[str]:
    """List everything by which these names are found, without repetition: grams, pinyin, initials, words.

    Also right for mail addresses and numbers (C-2026-0001 by c2026, 2026, 20260001 and 1). The terms are
    sorted and at most 100 characters long.
    """
    found: set[str] = set()
    for name in filter(None, names):
        words: Sequence[str] = _pieces(name)
        if not name.isascii():
            words = [piece for piece in words if not _is_run(piece)]
            found.update(grams(name), _pinyin_terms(name, person))
        found.update(words)
        joined = "".join(words)
        if "@" not in name and _DIGIT.search(joined) is not None:
            found.update((joined, _NO_DIGIT.sub("", joined)))
            found.update(word.lstrip("0") for word in words if word.isdigit())
    found.discard("")
    if max(map(len, found), default=0) > _TERM_MAX:
        found = {term[:_TERM_MAX] for term in found}
    return sorted(found)


_DIGIT: Final = re.compile(r"\d")
_NO_DIGIT: Final = re.compile(r"\D")


def phone_terms(*phones: str) -> list[str]:
    """List the endings of phone numbers, at least 4 digits long: any part of a number is found by prefix."""
    found: set[str] = set()
    for phone in filter(None, phones):
        number, _, extension = phone.partition(";ext=")
        digits = "".join(filter(str.isdigit, fold(number)))[:32]
        found.update(digits[start:] for start in range(max(1, len(digits) - _PHONE_SUFFIX_MIN + 1)))
        found.add(extension)
    return sorted(found - {""})


_PHONE_LIKE: Final = re.compile(r"\+?[\d\s().\-/]{7,}")
_PHONE_DIGITS_MIN: Final = 7


def query_terms(query: str) -> list[str]:
    """Cut a query into the terms that must all be found, folded as the names were.

    Chinese is asked by pairs (a lone character by itself); words and digits by their beginning.
    """
    folded = fold(query).strip()
    digits = re.sub(r"\D", "", folded)
    if len(digits) >= _PHONE_DIGITS_MIN and _PHONE_LIKE.fullmatch(folded):
        return [digits.lstrip("0") or digits]
    found: dict[str, None] = {}
    for piece in _PIECES.findall(folded):
        if _CJK_RUN.match(piece) and len(piece) > 1:
            found.update(dict.fromkeys(map("".join, pairwise(piece))))
        else:
            found[piece[:_TERM_MAX]] = None
    return list(found)[:_QUERY_TERMS_MAX]


def tsquery(query: str) -> str:
    """Write a query for `::tsquery`: every term must occur, words as prefixes; '' when nothing is asked."""
    terms = query_terms(query)
    return " & ".join(f"'{term}'" if _CJK_RUN.match(term) else f"'{term}':*" for term in terms)


@cache
def _legal_forms() -> tuple[re.Pattern[str], re.Pattern[str]]:
    forms = sorted({fold(line) for line in read_lines("legal_forms")}, key=len, reverse=True)
    chinese = "|".join(re.escape(form) for form in forms if _CJK_RUN.fullmatch(form))
    words = "|".join(re.escape(form) for form in forms if not _CJK_RUN.fullmatch(form))
    return re.compile(f"(?<!分)(?:{chinese})(?=$|.{{0,12}}(?:分公司|办事处|分行|支行|营业部)$)"), re.compile(
        f" (?:{words})$"
    )


@cache
def _places() -> re.Pattern[str]:
    names = "|".join(sorted(read_words("places"), key=len, reverse=True))
    kinds = "特别行政区|壮族自治区|回族自治区|维吾尔自治区|自治区|自治州|新区|省|市|州|盟|区|县"
    return re.compile(f"(?:中国)?(?:(?:{names})(?:{kinds})?)+")


_BRACKETS: Final = re.compile(r"[(（\[【〔<《][^)）\]】〕>》]*[)）\]】〕>》]")
_FRONT: Final = re.compile(
    "^(?:株式会社|有限会社|合同会社|주식회사|유한회사|ооо |оао |зао |пао |ао |pt |cong ty (?:tnhh|co phan) )"
)


@cache
def _general() -> re.Pattern[str]:
    """Match what half a country's companies would have left without their place: 银行, 贸易发展."""
    return re.compile(f"(?:{'|'.join(sorted(read_words('general'), key=len, reverse=True))})+")


@lru_cache(maxsize=4096)
def strip_company(name: str) -> str:
    """Reduce a company's name to the part by which it is known, folded and without spaces, for comparison.

    广东省深圳市腾讯计算机系统有限公司 → 腾讯计算机系统, `ACME Trading Co., Ltd.` → acmetrading. Never empty
    unless the name is.
    """
    folded = fold(name)
    spaced = " ".join(_PIECES.findall(_BRACKETS.sub(" ", folded))) or " ".join(_pieces(name))
    bare = _without_forms(spaced)
    key = bare.replace(" ", "")
    place = _places().match(key)
    if place:
        rest = key[place.end() :]
        if len(rest) > 1 and not _general().fullmatch(rest):
            return rest
    return key or folded.strip()


def _without_forms(spaced: str) -> str:
    chinese, words = _legal_forms()
    bare = _FRONT.sub("", spaced)
    while True:
        shorter = words.sub("", f" {chinese.sub('', bare)}").strip()
        if not shorter or shorter == bare:
            return bare
        bare = shorter
