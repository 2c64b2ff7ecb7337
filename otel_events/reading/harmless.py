"""Text from events, as a terminal may show it: nothing in it moves the cursor, sets a colour or turns letters round."""

from __future__ import annotations

import re

# C0 and C1 controls with DEL; the marks that change the direction of writing or hide: ALM, ZWSP to RLM, line and
# paragraph separators, embeddings, isolates, word joiner to invisible plus, BOM, interlinear marks, tags; lone surrogates.
_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


def harmless(text: str, *, keep_lines: bool = False) -> str:
    r"""Return *text* with every character that a terminal would obey written out, such as `\x1b` or `\u202e`.

    Args:
        text: what an event, a file or a file's name says.
        keep_lines: leave line ends and tabs as they are: of texts that are ours but for what they quote.
    """
    if text.isascii() and text.isprintable():
        return text
    return _HARMFUL.sub(_spell_all if not keep_lines else _spell_but_lines, text)


def harmless_json(text: str) -> str:
    """Return JSON *text* with the same meaning, in which the same characters are escaped as JSON escapes them."""
    if text.isascii() and "\x7f" not in text:
        return text  # JSON has no other control but an escaped one
    return _HARMFUL.sub(_escape, text)


def _spell_all(match: re.Match[str]) -> str:
    return _SHORT.get(match[0]) or _spell(match[0])


def _spell_but_lines(match: re.Match[str]) -> str:
    return match[0] if match[0] in "\n\t" else _spell(match[0])


def _spell(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] == "\n":
        return "\n"
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
