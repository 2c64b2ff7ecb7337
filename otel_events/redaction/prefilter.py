"""Which of many texts may hold a secret: a few passes over all of them joined, at the speed of memory."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from otel_events.redaction.rule import Trigger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# Shorter texts cannot hold what the rules look for: `cvv=123` has seven.
SHORTEST = 7
# Longer ones are looked at one by one: many of them joined would take much memory.
LONGEST = 16_384

_JOIN = "\0"
_RUN = "a" * 18
_DIGITS = "0" * 13
_GROUPS = "0000-0000"
_IBAN = "AA00-"  # as it begins where it is printed in groups
# Rare characters: to find one costs nothing. Tokens that have the latter two need not have a long run.
_MARKS = (("@", Trigger.AT), ("$", Trigger.RUN), ("~", Trigger.RUN))
# A long word is found faster than a short one, and one that covers several saves a pass.
_WORDS = (
    *("pass", "pwd", "secret", "token", "key", "auth", "cred", "cookie", "bearer", "basic ", "sig=", "srf"),
    *("sessid", "kennwort", "mnemonic", "identified by", "curl ", "hook"),
    *("contrase", "senha", "wachtwoord", "pw=", "pw:", "cvv", "cvc", "recovery code", "backup code"),
)


def _class_table() -> bytes:
    """Return what maps letters, digits, _ and - to `a` and all else to a space."""
    return bytes(
        ord("a") if chr(code).isascii() and (chr(code).isalnum() or chr(code) in "_-") else 32 for code in range(256)
    )


def _digit_table() -> bytes:
    """Return what maps digits to `0`, capitals to `A`, what joins groups of them to `-`, and all else to a comma."""
    table = bytearray(b"," * 256)
    table[ord("0") : ord("9") + 1] = b"0" * 10
    table[ord("A") : ord("Z") + 1] = b"A" * 26
    table[ord(" ")] = table[ord("-")] = table[ord(".")] = ord("-")
    return bytes(table)


_CLASSES = _class_table()
_DIGIT_CLASSES = _digit_table()


class Prefilter:
    """Finds the texts that are worth a closer look."""

    def __init__(self, more_words: Iterable[str] = ()) -> None:
        """Look for *more_words* too, in lower case, as they stand beside a user's own secrets."""
        self._words = (*_WORDS, *(word.encode("latin-1", "replace").decode("latin-1") for word in more_words))

    def suspects(self, texts: Sequence[str]) -> dict[int, int]:
        """Return the indices of those *texts* that may hold a secret, with what was seen in each."""
        # One byte for each character, whatever it is, so that a place here is the same place there.
        raw = _JOIN.join(texts).encode("latin-1", "replace")
        found = _Found(texts)
        # As bytes they are lowered and translated quickly, as texts searched: to look into bytes takes five times as long.
        lowered = raw.lower().decode("latin-1")
        for mark, trigger in _MARKS:
            if mark in lowered:
                found.add(lowered, mark, trigger)
        classes = raw.translate(_CLASSES).decode("latin-1")
        if _RUN in classes:
            found.add(classes, _RUN, Trigger.RUN)
        digits = raw.translate(_DIGIT_CLASSES).decode("latin-1")
        for needle in (_DIGITS, _GROUPS, _IBAN):
            if needle in digits:
                found.add(digits, needle, Trigger.DIGITS)
        for word in self._words:
            if word in lowered:
                found.add(lowered, word, Trigger.WORD)
        return found.triggers


class _Found:
    """Collects the texts in which needles lie. Where each text ends is worked out when a first needle is found."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.triggers: dict[int, int] = {}
        self._texts = texts
        self._ends: list[int] | None = None

    def add(self, joined: str, needle: str, trigger: int) -> None:
        for index in self._holders(joined, needle):
            before = self.triggers.get(index)
            self.triggers[index] = trigger if before is None else before | trigger

    def _holders(self, joined: str, needle: str) -> Iterator[int]:
        if self._ends is None:
            self._ends = list(accumulate(len(text) + 1 for text in self._texts))
        position = joined.find(needle)
        while position >= 0:
            index = bisect_right(self._ends, position)
            yield index
            position = joined.find(needle, self._ends[index])
