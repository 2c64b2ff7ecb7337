"""Finding each setting's value: keywords above the environment above defaults, with all problems gathered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from otel_events.settings.declaration import SETTINGS
from otel_events.settings.kinds import Partial, UnusableError, show
from otel_events.settings.setting import SIGNALS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otel_events.settings.kinds import Kind
    from otel_events.settings.setting import Setting

# Keywords that take a mapping whose keys are settings of their own.
_SUBS = frozenset(name.partition(".")[0] for name in SETTINGS if "." in name) | frozenset(SIGNALS)
KEYWORDS = frozenset(name for name in SETTINGS if "." not in name) | _SUBS
_ALL_NAMES = frozenset(SETTINGS) | {
    setting.keyword(signal) for setting in SETTINGS.values() if setting.is_per_signal for signal in SIGNALS
}
_OUR_PREFIX = "OTEL_EVENTS_"
_OUR_VARIABLES = frozenset(
    variable.name.removeprefix(_OUR_PREFIX)
    for setting in SETTINGS.values()
    for variable in setting.environment
    if variable.name.startswith(_OUR_PREFIX)
)


class Found(NamedTuple):
    """A value and where it came from; neither a keyword nor a variable: the default."""

    value: Any
    keyword: str = ""
    variable: str = ""

    @property
    def is_given(self) -> bool:
        """It was set, one way or the other."""
        return bool(self.keyword or self.variable)


def _near(word: object, choices: Iterable[str], cutoff: float = 0.6) -> str:
    """Return " (did you mean ...?)" if one of *choices* is like *word*, else nothing."""
    import difflib  # only a mistake needs it

    nearest = difflib.get_close_matches(word, sorted(choices), 1, cutoff) if isinstance(word, str) else []
    return f" (did you mean {nearest[0]!r}?)" if nearest else ""


class Lookup:
    """Look settings up, gathering what is wrong on the way.

    Attributes:
        problems: of keywords; they make one error together.
        warnings: of the environment, by variable, so that each is told once however many settings read it.
    """

    def __init__(self, keywords: Mapping[str, Any], environ: Mapping[str, str]) -> None:
        self.problems: list[str] = []
        self.warnings: dict[str, str] = {}
        self._environ = environ
        self._keywords = self._flatten(keywords)
        self._warn_of_misspelt_variables()

    def find(self, name: str, *, signal: str = "", kind: Kind | None = None) -> Found:
        """Return the value of the setting *name*, or of its form for *signal*, read as *kind* if given."""
        setting = SETTINGS[name]
        read_as = kind or setting.kind
        if setting.is_merged:
            return self._merge(setting, signal)
        for keyword in self._given_keywords(setting, signal):
            accepted = self._accept(keyword, read_as)
            return Found(setting.default, keyword) if accepted is None else Found(accepted.value, keyword)
        return self._from_environment(setting, signal, kind)

    def given(self, keyword: str) -> Any:
        """Return what *keyword* was given as, unread; None if it was not."""
        return self._keywords.get(keyword)

    def problem(self, sentence: str) -> None:
        """Note what is wrong with keywords, once."""
        if sentence not in self.problems:
            self.problems.append(sentence)

    def warn(self, variable: str, sentence: str) -> None:
        """Note what is wrong with an environment variable, unless something was already."""
        self.warnings.setdefault(variable, sentence)

    def refuse(self, found: Found, reason: str, instead: str) -> None:
        """Note that what was found cannot be used after all: an error for a keyword, a warning for a variable."""
        if found.keyword:
            self.problem(f"{found.keyword} {reason}")
        elif found.variable:
            self.warn(found.variable, f"{found.variable} {reason}; {instead}")

    def _flatten(self, keywords: Mapping[str, Any]) -> dict[str, Any]:
        """Return the keywords that are set, `{"a": {"b": 1}}` as `{"a.b": 1}`; note the unknown ones. None is unset."""
        flat: dict[str, Any] = {}
        for keyword, value in keywords.items():
            if keyword not in KEYWORDS:
                self.problem(f"unknown keyword {show(keyword)}{_near(keyword, KEYWORDS)}")
            elif keyword not in _SUBS:
                flat[keyword] = value
            elif isinstance(value, Mapping):
                self._flatten_mapping(keyword, value, flat)
            elif value is not None:
                self.problem(f"{keyword} must be a mapping, not {show(value)}")
        return {keyword: value for keyword, value in flat.items() if value is not None}

    def _flatten_mapping(self, keyword: str, mapping: Mapping[Any, Any], flat: dict[str, Any]) -> None:
        known = {name.partition(".")[2] for name in _ALL_NAMES if name.startswith(f"{keyword}.")}
        for key, value in mapping.items():
            if key in known:
                flat[f"{keyword}.{key}"] = value
            else:
                self.problem(f"{keyword} has the unknown key {show(key)}{_near(key, known)}")

    def _warn_of_misspelt_variables(self) -> None:
        for variable in self._environ:
            ending = variable.removeprefix(_OUR_PREFIX)
            # Other parts have variables of their own, so only a near miss is told.
            if variable.startswith(_OUR_PREFIX) and ending not in _OUR_VARIABLES:
                hint = _near(ending, _OUR_VARIABLES, cutoff=0.85).replace("mean '", f"mean '{_OUR_PREFIX}")
                if hint:
                    self.warn(variable, f"{variable} is no setting and is ignored{hint}")

    def _given_keywords(self, setting: Setting, signal: str) -> list[str]:
        keywords = [setting.keyword(signal), setting.keyword()]
        return [keyword for keyword in dict.fromkeys(keywords) if keyword in self._keywords]

    def _accept(self, keyword: str, kind: Kind) -> Found | None:
        """Return the usable value of a keyword, or note the problem and return None."""
        value = self._keywords[keyword]
        shown = "what was given" if kind.secret else show(value)
        try:
            return Found(kind.accept(value), keyword)
        except UnusableError as error:
            for reason in error.args:
                self.problem(f"{keyword}: {reason}")
            if not error.args:
                self.problem(f"{keyword} must be {kind.expects}, not {shown}{_near(value, kind.choices)}")
        except Exception:  # whatever the value's own methods raise
            self.problem(f"{keyword} must be {kind.expects}, not {shown}")
        return None

    def _merge(self, setting: Setting, signal: str) -> Found:
        """Lay the pairs of keywords over those of the environment."""
        found = self._from_environment(setting, signal, None)
        merged = dict(found.value)
        keywords = self._given_keywords(setting, signal)
        for keyword in reversed(keywords):
            accepted = self._accept(keyword, setting.kind)
            merged |= accepted.value if accepted else {}
        return Found(merged, keywords[0] if keywords else "", found.variable)

    def _from_environment(self, setting: Setting, signal: str, kind: Kind | None) -> Found:
        """Return the first usable variable's value, else the default; note each that is set and is not usable."""
        refused: list[tuple[str, str, Kind, UnusableError]] = []
        found = Found(setting.default)
        for variable in setting.variables(signal):
            text = self._environ.get(variable.name, "").strip()
            if not text:  # empty is unset, says the specification
                continue
            read_as = variable.kind or kind or setting.kind
            try:
                found = self._unpack(read_as.read(text), variable.name)
                break
            except UnusableError as error:
                refused.append((variable.name, text, read_as, error))
        for name, text, read_as, why in refused:
            self.warn(name, self._refusal(name, text, read_as, why, found))
        return found

    def _unpack(self, value: Any, variable: str) -> Found:
        if not isinstance(value, Partial):
            return Found(value, variable=variable)
        self.warn(variable, f"{variable}: {', '.join(value.complaints)}")
        return Found(value.value, variable=variable)

    @staticmethod
    def _refusal(name: str, text: str, kind: Kind, error: UnusableError, found: Found) -> str:
        shown = "" if kind.secret else f"={show(text)}"
        reason = error.args[0] if error.args else f"is not {kind.expects}{_near(text.lower(), kind.choices)}"
        origin = f"from {found.variable}" if found.variable else "the default"
        is_nothing = found.value is None or kind.secret
        return f"{name}{shown} {reason}; " + ("it is ignored" if is_nothing else f"using {show(found.value)}, {origin}")
