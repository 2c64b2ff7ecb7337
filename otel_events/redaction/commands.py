"""Secrets that commands, statements and sentences have at a fixed place, without a sign of assignment before them."""

from __future__ import annotations

from otel_events.lazy_pattern import lazy_pattern
from otel_events.redaction.rule import Rule, Trigger, pattern_rule

_DATE = lazy_pattern(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _is_typed(found: str) -> bool:
    """Tell whether *found* is what people are given as a password, and no word of a sentence."""
    found = found.rstrip(".,;:!?")
    has_letter = any(character.isalpha() for character in found)
    return has_letter and any(character.isdigit() or character in "!@#$%^&*?+=~" for character in found)


def _is_code(found: str) -> bool:
    # Neither two words with a hyphen nor a date.
    return any(character.isdigit() for character in found) and _DATE.fullmatch(found) is None


COMMAND_RULES: tuple[Rule, ...] = (
    pattern_rule(
        "password",
        Trigger.WORD,
        ("curl ",),
        r"\bcurl\b[^\r\n]{0,512}?[ ](?:-u|--user|--proxy-user)[ =]?[\"']?[^\s:\"']{1,128}:(?P<secret>[^\s\"']{1,256})",
        brief="user:password that is given to curl",
    ),
    pattern_rule(
        "password",
        Trigger.WORD,
        ("identified by", "identified with", "password '", 'password "', "passphrase '", 'passphrase "'),
        r"(?i:\bidentified\s{1,4}(?:with\s{1,4}\w{1,40}\s{1,4})?(?:by|as)|\bpassword|\bpassphrase)\s{1,4}[\"'](?P<secret>[^\"'\r\n]{1,256})[\"']",
        brief="a password in SQL or in a command",
    ),
    pattern_rule(
        "password",
        Trigger.WORD,
        ("password",),
        r"\blogin\s{1,8}\S{1,128}\s{1,8}password\s{1,8}(?P<secret>\S{1,256})",
        brief="a password in a .netrc file",
    ),
    pattern_rule(
        "password",
        Trigger.WORD,
        ("requirepass", "masterauth"),
        r"\b(?:requirepass|masterauth)\s{1,8}(?P<secret>\S{1,256})",
        brief="a password in the settings of Redis",
    ),
    pattern_rule(
        "password",
        Trigger.WORD,
        ("auth",),
        r"\bauth\s?=\s?\(\s?[\"'][^\"']{1,128}[\"'],\s?[\"'](?P<secret>[^\"']{1,256})[\"']",
        brief="user and password that code gives to a client",
    ),
    pattern_rule(
        "password",
        Trigger.WORD,
        ("set password",),
        r"(?i:\bset\s{1,4}password\s{1,4}for)\s{1,4}\S{1,128}?\s{0,4}=\s{0,4}(?:\w{1,20}\()?[\"'](?P<secret>[^\"'\r\n]{1,256})[\"']",
        brief="a password that SQL sets",
    ),
    pattern_rule(
        "password",
        Trigger.WORD,
        ("sshpass",),
        r"\bsshpass\s{1,4}-p\s?[\"']?(?P<secret>[^\s\"']{1,256})",
        brief="the password that is given to sshpass",
    ),
    pattern_rule(
        "password",
        Trigger.WORD,
        ("-pass",),
        r"(?<![\w\-])--?pass[ =][\"']?(?!(?:file|env|fd):)(?P<secret>[^\s\"'\-][^\s\"']{5,256})",
        check=lambda found: _is_typed(found) or found not in {found.lower(), found.upper(), found.capitalize()},
        brief="the password after --pass",
    ),
    pattern_rule(
        "password",
        Trigger.WORD,
        ("password for", "password of", "passphrase for"),
        r"(?i:\bpassword|\bpassphrase)[ ](?:for|of)[ ](?:the[ ])?(?:(?:user|account|login)[ ])?[\"']?[\w.@+\-]{1,64}[\"']?"
        r"[ ]?(?:(?:is|was)|[:=])[ ]{1,4}[\"']?(?P<secret>[^\s\"']{6,256})",
        check=_is_typed,
        brief="what a sentence says is somebody's password",
    ),
    pattern_rule(
        "secret",
        Trigger.WORD,
        ("recovery code", "backup code"),
        r"(?i:\b(?:recovery|backup)[ ]codes?)[ ]?(?:is|are|[:=])\s{0,4}"
        r"(?P<secret>[A-Za-z0-9]{4,8}(?:-[A-Za-z0-9]{4,8}){1,5}(?:[\s,]{1,4}[A-Za-z0-9]{4,8}(?:-[A-Za-z0-9]{4,8}){1,5}){0,31})",
        check=_is_code,
        brief="codes that let one in without the second factor",
    ),
    pattern_rule(
        "token",
        Trigger.WORD,
        ("<meta",),
        r"<meta\s{1,4}name=[\"']_?[cx]srf(?:[\-_]?token)?[\"']\s{1,4}content=[\"'](?P<secret>[^\s\"'<>]{8,512})",
        brief="the token against forged requests in a page's head",
    ),
    pattern_rule(
        "password",
        Trigger.AT,
        ("sqlplus", "sqlldr", "expdp", "impdp"),
        r"\b(?:sqlplus|sqlldr|expdp|impdp)[ ][^\r\n/]{0,128}/(?P<secret>[^\s/@]{1,128})@",
        brief="user/password that is given to Oracle's commands",
    ),
)
