"""Which guards follow from the settings: the stages between normalising and the sinks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_events.accounting import Accounts
from otel_events.errors import ConfigurationError
from otel_events.notices import Notices
from otel_events.pipeline.before_emit import BeforeEmit
from otel_events.pipeline.deduplicate import Deduplicate, DeduplicateSettings, DuplicateRule
from otel_events.pipeline.filter import Filter
from otel_events.pipeline.limit import Limit, LimitSettings
from otel_events.pipeline.rate_limit import RateLimit, RateLimiter, RateLimitSettings
from otel_events.pipeline.redact import Redact
from otel_events.pipeline.roll_up import RollUp, RollUpSettings
from otel_events.pipeline.span_guards import LimitSpans, RedactSpans
from otel_events.redaction import RedactionSettings, Redactor
from otel_events.settings import resolve

_WITHHELD = "<REDACTED:failed>"

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from otel_events.pipeline.span_guards import SpanGuard
    from otel_events.pipeline.stage import Stage
    from otel_events.settings import Settings


def build_stages(
    settings: Settings, accounts: Accounts, notices: Notices, *, may_hold: bool = True
) -> tuple[Stage, ...]:
    """Return the stages in the order in which a batch passes through them.

    Args:
        settings: what is wanted.
        accounts: where it is counted what they take away.
        notices: where failures are told.
        may_hold: whether stages may hold events back for a while; a span-event copy cannot wait.

    Raises:
        ConfigurationError: with everything that is wrong in any of them.
    """
    problems: list[str] = []

    def attempt(make: Callable[[], Any]) -> Any:
        try:
            return make()
        except ConfigurationError as error:
            problems.extend(error.problems)
            return None

    stages = [
        BeforeEmit(settings.before_emit, accounts, notices) if settings.before_emit else None,
        attempt(lambda: _redact(settings, accounts, notices)),
        Limit(limit_settings(settings), accounts),
        Filter(settings.filter, accounts) if settings.filter.clauses else None,
        *([attempt(make) for make in _holding(settings, accounts)] if may_hold else ()),
    ]
    if problems:
        raise ConfigurationError("configure() cannot use these guards", problems)
    return tuple(stage for stage in stages if stage is not None)


def guard_problems(keywords: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with guards in those *keywords* of `configure` that can be used each by itself.

    So that a mistake in another keyword does not hide them until the next attempt.
    """
    settings = resolve(dict(filter(_can_be_used, keywords.items())), {})[0]
    try:
        build_stages(settings, Accounts(), Notices())
    except ConfigurationError as error:
        return list(error.problems)
    return []


def _can_be_used(keyword: tuple[str, Any]) -> bool:
    try:
        resolve(dict([keyword]), {})
    except ConfigurationError:
        return False
    return True


def build_span_guards(settings: Settings, accounts: Accounts, notices: Notices) -> tuple[SpanGuard, ...]:
    """Return what is done to spans, in the order of the stages that do the same to events."""
    longest = settings.span_limits.attribute_value_length
    limits = limit_settings(settings)._replace(attribute_value_length_limit=longest)
    redactor = build_redactor(settings, accounts, notices)
    limit = LimitSpans(limits, accounts.cut)
    return (limit,) if redactor is None else (RedactSpans(redactor), limit)


def build_redactor(settings: Settings, accounts: Accounts, notices: Notices) -> Any:
    """Return the redactor that *settings* ask for, None for none.

    Raises:
        ConfigurationError: with everything that is wrong in its settings.
    """
    if not isinstance(settings.redact, bool):
        return settings.redact
    if not settings.redact:
        return None
    wanted = RedactionSettings(
        marker=settings.redact_marker,
        keys=settings.redact_keys,
        innocent_keys=settings.redact_innocent_keys,
        patterns=settings.redact_patterns,
        allow=settings.redact_allow,
        without=frozenset(settings.redact_without),
        max_scanned=settings.redact_max_scanned,
    )
    return Redactor(wanted, accounts.redacted, notices)


def redact_resource(attributes: Mapping[str, Any], settings: Settings) -> dict[str, Any] | None:
    """Return the *attributes* of the resource without secrets; None if there is none to take out."""
    try:
        guard = build_redactor(settings, Accounts(), Notices())
        given = {key: list(value) if isinstance(value, tuple) else value for key, value in attributes.items()}
        clean = given if guard is None else dict(guard.attributes(given))
    except Exception:
        # A guard of the program's own. It is asked for every event as well, and its failure counted and told there.
        return {key: value if key == "service.name" else _WITHHELD for key, value in attributes.items()}
    return None if clean == given else clean


def limit_settings(settings: Settings) -> LimitSettings:
    """Return the bounds of log records and span events."""
    return LimitSettings(
        attribute_count_limit=settings.attribute_count_limit,
        attribute_value_length_limit=settings.attribute_value_length_limit,
        max_event_bytes=settings.max_event_bytes,
        max_body_length=settings.max_body_length,
    )


def _redact(settings: Settings, accounts: Accounts, notices: Notices) -> Redact | None:
    redactor = build_redactor(settings, accounts, notices)
    return None if redactor is None else Redact(redactor, accounts, notices)


def _holding(settings: Settings, accounts: Accounts) -> list[Callable[[], Any]]:
    rules = tuple(DuplicateRule(pattern, _as_tuple(keys)) for pattern, keys in settings.deduplicate)
    errors, window = settings.deduplicate_errors, settings.deduplicate_window
    makers: list[Callable[[], Any]] = []
    if rules or errors:
        deduplicate = DeduplicateSettings(rules, errors=errors, window=window)
        makers.append(lambda: Deduplicate(deduplicate, accounts.summarised))
    if settings.rate_limits:
        limits = tuple(RateLimit(*limit) if isinstance(limit, tuple) else limit for limit in settings.rate_limits)
        rates = RateLimitSettings(limits, window=settings.rate_limit_window)
        makers.append(lambda: RateLimiter(rates, accounts.summarised))
    if settings.roll_up:
        roll_up = RollUpSettings(settings.roll_up, window=settings.roll_up_window)
        makers.append(lambda: RollUp(roll_up, accounts.summarised))
    return makers


def _as_tuple(keys: Any) -> tuple[Any, ...]:
    """Return *keys* as a tuple; one alone is as good as a list. Whether they are names is asked later."""
    if keys is None:
        return ()
    return tuple(keys) if isinstance(keys, (list, tuple, set, frozenset)) else (keys,)
