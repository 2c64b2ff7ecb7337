"""Where a value that a text assigns to a key begins and ends, and whether it can be a secret."""

# ruff: noqa: SIM905 - words in a row are easier to read and to add to

from __future__ import annotations

from typing import NamedTuple

from otel_events.lazy_pattern import lazy_pattern

_OPEN = lazy_pattern(r"[fFrRbBuU]{0,2}(\\{0,7})(\"\"\"|'''|[\"'`])")
_SPACE = lazy_pattern(r"[ \t]{0,64}")
# Marks that end a value only where the text goes on as lists of pairs do; people have such marks in passwords.
_BARE = lazy_pattern(
    r"(?:[^\s\"'`,;&<>|]+"
    r"|,(?!\s|$|[\"'{\[]|[\w.\-]{1,40}\s?[=:])"
    r"|;(?!\s|$|[\w .\-]{1,40}=)"
    r"|&(?![\w.\-%\[\]]{1,64}=)"
    r"|<(?!/)|>)+"
)
_LIST = lazy_pattern(r"[\[(]\s?\\{0,7}[\"'][^\])\r\n]{1,2048}[\])]?")
_LINE = lazy_pattern(r"[^\r\n\"'`]{1,8192}")
_WHOLE_LINE = lazy_pattern(r"[^\r\n]{1,8192}")
_SCHEME = lazy_pattern(
    r"(?i:(bearer|basic|token|negotiate|apikey|api-key|bot|key|ssws|splunk|genie\w*)|"
    r"(digest|hmac|oauth|signature|aws4-hmac-sha256|hoba|mutual|scram-sha-\d+))[ \t]{1,3}(?=\S)"
)
_PAIRS = lazy_pattern(r"[\w.\-$%]{1,64}=\S")
_LONGEST = 2_048  # characters: enough to tell what a value is; all of a longer one would be read again and again
_LONGEST_QUOTED = 16_384
_CLOSERS = {")": "(", "]": "[", "}": "{"}

_PLACEHOLDER = lazy_pattern(
    r"[*•xX.#\-_?…]{1,128}|<[^<>\s]{1,80}>|\[[A-Za-z_ ]{1,40}\]|\$\{[^}]{0,120}\}?|\$\([^)]{0,120}\)?|\$[A-Z_][A-Z0-9_]*"
    r"|\{\{?[^{}]{0,120}\}?\}?|%[sdr]|%\([\w.]{1,60}\)[sdr]|:[a-z_]{1,40}|@[a-z_]{1,40}|[\[({\])}]{1,8}|\((?:sensitive|known|hidden|none|unset)"
    # The name of a constant, and what documents put where a reader's own goes.
    r"|[A-Z]{2,20}(?:_[A-Z]{2,20}){1,5}|(?i:<?(?:your|my|the|insert|enter)[_\- ][a-z]{2,12}(?:[_\- ][a-z]{2,12}){0,4}>?)",
)
_CODE = lazy_pattern(
    r"(?:self|cls|settings|config|cfg|conf|os|sys|args|opts?|options|request|req|env|environ|kwargs|params|data|ctx"
    r"|context|app|this|process|secrets|getpass|vault|credentials|form|body|payload|user|row|result|response|resp"
    r"|event|json|session|client|auth|await|new|typing|pydantic|secretmanager|var|local|module|inputs|steps|needs)"
    r"[.\[(]\S*|(?:Optional|Union|Annotated|Final|ClassVar|Literal|[Ll]ist|[Dd]ict|Type|type)\[\S*|[A-Za-z_][\w.]{0,80}\([^()]*\)?,?:?"
)
_WORDS_OF_NOTHING = frozenset(
    "none null nil true false undefined empty unset n/a na redacted hidden masked removed filtered scrubbed str int"
    " bytes bool float any object string text number boolean optional secretstr path char varchar required missing"
    " invalid incorrect expired wrong changed reset must should cannot can't is was are not no yes too ok the a an and"
    " or unauthorized forbidden denied disabled enabled revoked rejected accepted valid verified unverified"
    " unknown unexpected expected given set unchanged updated rotated failed success mismatch match matched please"
    " enter type your our my new old see use used unable could will has have with for from in on at to of if via by as instead option flag argument".split()
)
_PLAIN_WORD = lazy_pattern(r"[A-Za-z]{1,20}[.,:;!?]?")
_PROSE_GOES_ON = lazy_pattern(r"[ \t](?:[a-z]{1,15}|[0-9]{1,3} [a-z]{1,15})\b(?!\s?[=:])")
_SMALL_NUMBER = lazy_pattern(r"[+-]?[0-9]{1,5}(?:\.[0-9]{1,6})?%?")
_PATH = lazy_pattern(r"(?:[A-Za-z]:)?[\\/~.][\w\\/.\- ]*")
_FILE = lazy_pattern(r"(?:[A-Za-z]:)?[\\/~.][\w\\/.\- ]*\.[A-Za-z][\w]{1,4}")
_AFTER_PWD = ("pwd=", "pwd: ", "pwd:")


class Assigned(NamedTuple):
    """A value as a text assigns it.

    Attributes:
        start: where it begins in the text, behind a quotation mark.
        end: where it ends, before one.
        is_quoted: it stands in quotation marks.
    """

    start: int
    end: int
    is_quoted: bool


def assigned_at(text: str, position: int) -> Assigned:
    """Return where the value that begins at *position*, perhaps after a space or a quotation mark, lies."""
    space = _SPACE.match(text, position)
    position = space.end() if space is not None else position
    opened = _OPEN.match(text, position)
    if opened is not None:
        return Assigned(opened.end(), _closing(text, opened.end(), opened[1], opened[2]), is_quoted=True)
    listed = _LIST.match(text, position)
    if listed is not None:
        return Assigned(position, listed.end(), is_quoted=True)
    bare = _BARE.match(text, position, position + _LONGEST)
    end = bare.end() if bare is not None else position
    while end > position and _is_trailing(text[end - 1], text, position, end):
        end -= 1
    return Assigned(position, end, is_quoted=False)


def whole(text: str, value: Assigned) -> Assigned:
    """Return *value* to its very end, where it was longer than is looked at for telling whether it is a secret."""
    if value.is_quoted or value.end - value.start < _LONGEST - 8:
        return value
    bare = _BARE.match(text, value.start)
    return value if bare is None else Assigned(value.start, bare.end(), is_quoted=False)


def header_at(text: str, value: Assigned, kind: str) -> Assigned | None:
    """Return what of a header's value is secret: all of a cookie, what follows an authorization's scheme."""
    if kind == "cookie":
        if value.is_quoted:
            return value if _PAIRS.search(text, value.start, value.end) else None
        line = _LINE.match(text, value.start)
        return Assigned(value.start, line.end(), is_quoted=True) if line and _PAIRS.match(line[0]) else None
    scheme = _SCHEME.match(text, value.start, value.end if value.is_quoted else len(text))
    if scheme is None:
        return value
    if value.is_quoted:
        return Assigned(scheme.end(), value.end, is_quoted=True)
    if scheme[2] and (line := _WHOLE_LINE.match(text, scheme.end())) is not None:
        return Assigned(scheme.end(), line.end(), is_quoted=True)
    token = assigned_at(text, scheme.end())
    return Assigned(token.start, token.end, is_quoted=not is_prose(text, token))


def is_secret(text: str, value: Assigned, kind: str, *, is_tight: bool) -> bool:
    """Tell whether *value* can be a secret of *kind*, and is no word, placeholder or piece of code.

    Args:
        text: what the value stands in.
        value: where.
        kind: what the key said.
        is_tight: it was written as machines write, such as `key=value`, and not as in prose.
    """
    found = text[value.start : value.end]
    if not found or _is_nothing(found, is_quoted=value.is_quoted):
        return False
    is_plain = value.is_quoted or is_tight
    if kind == "password":
        return _is_password(text, value, found, is_plain=is_plain)
    if _FILE.fullmatch(found):
        return False  # where the secret is
    if _SMALL_NUMBER.fullmatch(found):
        return kind == "personal" and len(found) >= 3
    if kind == "token" and not is_tight:
        return _looks_made(found) or (value.is_quoted and len(found) >= 8 and _has_capital_inside(found))
    return len(found) >= 3 if is_plain else _looks_made(found)


def _is_password(text: str, value: Assigned, found: str, *, is_plain: bool) -> bool:
    if _PATH.fullmatch(found) and text[max(value.start - 5, 0) : value.start].lower().endswith(_AFTER_PWD):
        return False  # the working directory
    return is_plain or (not is_prose(text, value) and len(found) >= 3)


def _closing(text: str, start: int, backslashes: str, quote: str) -> int:
    """Return where the quotation ends: at its mark, else at the end of the line, for the text may have been cut."""
    closing = backslashes + quote
    position = start
    while (end := text.find(closing, position)) >= 0:
        before = end - 1
        while before >= start and text[before] == "\\" and end - before <= 8:
            before -= 1
        if end - start > _LONGEST_QUOTED:
            break  # a mark that opened nothing: an apostrophe, say
        if backslashes or (end - 1 - before) % 2 == 0:
            return end
        position = end + len(closing)
    line_end = text.find("\n", start)
    return len(text) if line_end < 0 else line_end


def _is_trailing(last: str, text: str, start: int, end: int) -> bool:
    if last in ".,:;!?\\…":
        return True
    opener = _CLOSERS.get(last)
    return opener is not None and text.find(opener, start, end) < 0


def _is_nothing(found: str, *, is_quoted: bool) -> bool:
    if _PLACEHOLDER.fullmatch(found) or found.lower().rstrip(".,:;!?") in _WORDS_OF_NOTHING:
        return True
    if found.startswith(("<REDACTED", "[REDACTED", "[Filtered", "[Scrubbed", "****", "••••")):
        return True
    return not is_quoted and _CODE.fullmatch(found) is not None


def is_prose(text: str, value: Assigned) -> bool:
    """Tell whether *value* is a word and the text goes on as a sentence."""
    found = text[value.start : value.end]
    return _PLAIN_WORD.fullmatch(found) is not None and _PROSE_GOES_ON.match(text, value.end) is not None


def _has_capital_inside(found: str) -> bool:
    return found.isalnum() and found[1:] != found[1:].lower() and found != found.upper()


def _looks_made(found: str) -> bool:
    """Tell whether a generator made *found*, or somebody who was asked for digits."""
    has_digit = any(character.isdigit() for character in found)
    has_letter = any(character.isalpha() for character in found)
    if (len(found) >= 8 and has_digit and has_letter) or (len(found) >= 16 and _has_capital_inside(found)):
        return True
    return (len(found) >= 16 and " " not in found and not found.isalpha()) or (len(found) > 24 and found.isalnum())
