"""Regular expressions that are compiled when they are first needed: most programs never need most of ours."""

from __future__ import annotations

import re
from typing import Any, cast


def lazy_pattern(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return what can be used as `re.compile(pattern, flags)`; a mistake in *pattern* shows when it is first used."""
    return cast("re.Pattern[str]", _LazyPattern(pattern, flags))


class _LazyPattern:
    """Compiles at the first question, and keeps the answer: the next one costs what it costs a compiled pattern."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._wanted = (pattern, flags)

    def __getattr__(self, name: str) -> Any:
        # Two threads may both compile: they get the same.
        compiled = re.compile(*self._wanted)
        answer = getattr(compiled, name)
        setattr(self, name, answer)
        return answer
