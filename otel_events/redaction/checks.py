"""Second looks at what a pattern found: checksums, encodings, and whether a text looks random."""

# ruff: noqa: SIM905 - words in a row are easier to read and to add to

from __future__ import annotations

import base64
import binascii
import math
from collections import Counter

from otel_events.lazy_pattern import lazy_pattern

_DIGITS = lazy_pattern(r"[^0-9]")
_UUID = lazy_pattern(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HEX = "0123456789abcdefABCDEF"
_UUID_LENGTH = 36
DIGEST_LENGTHS = frozenset({32, _UUID_LENGTH, 40, 56, 64, 96, 128})
_RANDOM_ALPHABET = lazy_pattern(r"[A-Za-z0-9+/=_\-.~%]{16,512}")
_FILE_NAME = lazy_pattern(r"\.[a-z][a-z0-9]{1,4}$")
_CITATION = lazy_pattern(r"[a-z]{2,16}(?:19|20)[0-9]{2}[a-z]{2,16}")  # the key of a paper
_SEGMENT = lazy_pattern(r"[-_./=~+%]+")
# A word, perhaps with a capital or in capitals, perhaps with a few digits at an end: what people type.
_WORDLIKE = lazy_pattern(r"(?:[A-Za-z]?[a-z]*|[A-Z]+)[0-9]{0,4}|[0-9]{1,8}(?:[a-z]{0,3})")
_MAX_WORD = 16  # letters: random lower case is longer, and words of people are not
_BITS = 2.8  # of entropy a character: random text of 16 characters and more has it, words hardly

# Country codes with the length of an IBAN there, from the IBAN registry.
_IBAN_LENGTHS = {
    entry[:2]: int(entry[2:])
    for entry in (
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29"
        " ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20"
        " LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29"
        " PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20"
    ).split()
}


# Lengths of card numbers, lengths that count only beside a hint, and what such numbers begin with, from and to.
_ISSUERS: tuple[tuple[frozenset[int], frozenset[int], tuple[tuple[str, str], ...]], ...] = (
    (frozenset({16}), frozenset({13, 19}), (("4", "4"),)),
    (frozenset({16}), frozenset(), (("51", "55"), ("2221", "2720"), ("3528", "3589"))),
    (frozenset({15}), frozenset(), (("34", "34"), ("37", "37"))),
    (frozenset({14}), frozenset(), (("36", "36"), ("38", "39"), ("300", "305"))),
    (frozenset({16}), frozenset({17, 18, 19}), (("6011", "6011"), ("62", "62"), ("644", "649"), ("65", "65"))),
    (frozenset(), frozenset(range(12, 20)), (("50", "50"), ("56", "58"), ("63", "63"), ("67", "67"))),
)


def is_card(text: str, *, has_hint: bool = False) -> bool:
    """Tell whether *text* is a payment card's number: an issuer's digits, their length, and the Luhn checksum.

    Args:
        text: digits, perhaps in groups.
        has_hint: something beside it speaks of cards, so lengths that other numbers have count as well.
    """
    digits = _DIGITS.sub("", text)
    if not _is_issued(digits, has_hint=has_hint) or len(set(digits)) == 1:
        return False
    doubled = (int(digit) * 2 for digit in digits[-2::-2])
    return (sum(int(digit) for digit in digits[::-2]) + sum(number // 10 + number % 10 for number in doubled)) % 10 == 0


def iban_end(text: str, start: int) -> int:
    """Return where the IBAN that begins at *start* ends, perhaps in groups; -1 if none begins there."""
    length = _IBAN_LENGTHS.get(text[start : start + 2].upper())
    if length is None:
        return -1
    found: list[str] = []
    end = start
    for end in range(start, min(start + 2 * length, len(text))):
        character = text[end]
        if character.isascii() and character.isalnum():
            found.append(character)
            if len(found) == length:
                break
        elif character not in " -":
            return -1
    if len(found) < length or text[end + 1 : end + 2].isalnum():
        return -1
    moved = "".join(found[4:] + found[:4])
    return end + 1 if int("".join(str(int(character, 36)) for character in moved)) % 97 == 1 else -1


def is_basic(text: str) -> bool:
    """Tell whether *text* is `user:password` in Base64, as the Basic scheme sends it."""
    try:
        decoded = base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return False
    return ":" in decoded and decoded.isprintable()


def is_digest(text: str) -> bool:
    """Tell whether *text* is nothing but a UUID or a digest: the token of no vendor, the number of nothing, and common."""
    length = len(text)
    if length == _UUID_LENGTH:
        return text[8] == text[13] == text[18] == text[23] == "-" and not text.replace("-", "").strip(_HEX)
    return length in DIGEST_LENGTHS and not text.strip(_HEX)


def is_random(text: str) -> bool:
    """Tell whether *text* looks made by a generator: long, of many characters, and of no words."""
    if not _RANDOM_ALPHABET.fullmatch(text) or _UUID.fullmatch(text) or not has_mixed_characters(text):
        return False
    if ("/" in text and _FILE_NAME.search(text)) or _CITATION.fullmatch(text):
        return False
    return not is_words(text) and _bits_per_character(text) >= _BITS


def has_mixed_characters(text: str) -> bool:
    """Tell whether *text* has letters beside digits, or small letters beside capitals."""
    kinds = {_kind(character) for character in text}
    return len(kinds & {"lower", "upper", "digit"}) > 1


def is_words(text: str) -> bool:
    """Tell whether *text* is nothing but words, numbers and what joins them."""
    parts = [part for part in _SEGMENT.split(text) if part]
    return all(len(part) <= _MAX_WORD and _WORDLIKE.fullmatch(part) for part in parts)


def _is_issued(digits: str, *, has_hint: bool) -> bool:
    length = len(digits)
    for lengths, hinted, prefixes in _ISSUERS:
        if length in lengths or (has_hint and length in hinted):
            for first, last in prefixes:
                if first <= digits[: len(first)] <= last:
                    return True
    return False


def _kind(character: str) -> str:
    if character.isdigit():
        return "digit"
    if character.isalpha():
        return "upper" if character.isupper() else "lower"
    return "other"


def _bits_per_character(text: str) -> float:
    total = len(text)
    return -sum(count / total * math.log2(count / total) for count in Counter(text).values())
