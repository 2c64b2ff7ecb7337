"""The five systems, by what their users import and call."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class System:
    """One home-made system.

    Attributes:
        letter: which it is, in the documents.
        title: what it is.
        drop_in: the module beneath `otel_events.compat` that takes its place.
        modules: what its own module is usually called, without the packages above it.
        exports: the names of it that the drop-in has.
        telling: those of them that are nobody else's, whatever module they come from.
        makers: calls that return an object of the system.
        methods: of those objects.
        topics: texts that stand for it in programs that import nothing of it.
    """

    letter: str
    title: str
    drop_in: str
    modules: frozenset[str]
    exports: frozenset[str]
    telling: frozenset[str]
    makers: frozenset[str] = frozenset()
    methods: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()

    @property
    def path(self) -> str:
        """Return the drop-in's full name."""
        return f"{DROP_INS}{self.drop_in}"


_LEDGER_CALLS = frozenset(
    {"append_ledger", "emit_alert", "emit_monitoring_snapshot", "emit_system_event", "emit_task_lifecycle"}
)

SYSTEMS: tuple[System, ...] = (
    System(
        "A",
        "ledger emitter",
        "ledger_emitter",
        modules=frozenset({"ledger_emitter", "event_emitter", "emit_event"}),
        exports=_LEDGER_CALLS | {"emit_event", "flush", "_BUFFER_SIZE", "_FLUSH_INTERVAL"},
        telling=_LEDGER_CALLS,
    ),
    System(
        "B",
        "event broadcaster",
        "broadcaster",
        modules=frozenset({"broadcaster", "event_broadcaster"}),
        exports=frozenset({"Broadcaster", "emit", "flush", "get_broadcaster", "set_cycle"}),
        telling=frozenset({"get_broadcaster"}),
        makers=frozenset({"Broadcaster", "get_broadcaster"}),
        methods=frozenset({"emit", "set_cycle"}),
    ),
    System(
        "C",
        "activity publisher",
        "activity",
        modules=frozenset({"activity_publisher"}),
        exports=frozenset({"ActivityPublisher", "flush"}),
        telling=frozenset({"ActivityPublisher"}),
        topics=frozenset({"egos.sparc.tasks", "egos.llm.logs", "egos.propagation.log"}),
    ),
    System(
        "D",
        "event log",
        "event_log",
        modules=frozenset({"event_log"}),
        exports=frozenset({"EventLogAggregator", "EventLogEntry", "EventLogSnapshot", "LOG_LENGTH", "domain_of"}),
        telling=frozenset({"EventLogEntry"}),
        makers=frozenset({"EventLogAggregator"}),
        methods=frozenset({"process_event"}),
    ),
    System(
        "E",
        "script logger",
        "script_logger",
        modules=frozenset({"script_logger", "l2_logger"}),
        exports=frozenset(
            {"BATCH_SIZE", "COLLECTOR_URL", "FLUSH_INTERVAL", "QUEUE_CAPACITY", "REDACTION_PATTERNS"}
            | {"SPOOL_DIRECTORY", "get_metrics", "setup_l2_logger"}
        ),
        telling=frozenset({"setup_l2_logger"}),
    ),
)
DROP_INS = "otel_events.compat."
BY_DROP_IN = {system.drop_in: system for system in SYSTEMS}


class Modules:
    """Which old module is of which system.

    Args:
        named: full names of modules that are known to be of a system, whatever they are called.
    """

    def __init__(self, named: dict[str, System] | None = None) -> None:
        self.named = dict(named or {})

    def system_of(self, module: str) -> System | None:
        """Return the system that *module* is of, by what it is called; relative names have their dots."""
        found = self.named.get(module.lstrip("."))
        if found is not None:
            return found
        last = module.rpartition(".")[2]
        if module.startswith("otel_events"):
            return BY_DROP_IN.get(last) if module == f"{DROP_INS}{last}" else None
        return next((system for system in SYSTEMS if last in system.modules), None)

    def system_of_name(self, module: str, name: str) -> System | None:
        """Return the system that *name*, imported from *module*, is of."""
        system = self.system_of(module)
        if system is not None and (name in system.exports or module.lstrip(".") in self.named):
            return system
        if module.startswith("otel_events"):
            return None
        return next((system for system in SYSTEMS if name in system.telling), None)

    def words(self) -> frozenset[str]:
        """Return texts of which a file that uses a system has at least one."""
        found = {name.rpartition(".")[2] for name in self.named}
        for system in SYSTEMS:
            found |= system.modules | system.telling | system.topics
        return frozenset(found)
