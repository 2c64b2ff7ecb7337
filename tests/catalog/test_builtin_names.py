"""Every event type of the five systems is in the catalogue, under its canonical name and by its old spelling."""

import pytest

from otel_events.catalog import Catalog
from otel_events.event import Severity

# (what the systems write, the canonical name, the category, the domain)
A = """
task_started task.started task
task_completed task.completed task
task_failed task.failed task
thesis_start thesis.start phase
thesis_end thesis.end phase
synthesis_start synthesis.start phase
synthesis_end synthesis.end phase
eval eval task
rune rune task
replan replan task
evidence_search evidence.search evidence
evidence_added evidence.added evidence
evidence_rejected evidence.rejected evidence
evidence_correction evidence.correction evidence
rag_retrieval rag.retrieval evidence
citation_added citation.added evidence
second_pass correction.second_pass quality
quality_check quality.check quality
confidence_check confidence.check quality
system_startup system.startup system
system_shutdown system.shutdown system
health_check health.check system
performance_metric performance.metric system
migration migration operations
deployment deployment operations
rollback rollback operations
configuration_change configuration.change operations
scale_event scale.event operations
bqi_pattern_learned bqi.pattern_learned learning
bqi_rule_applied bqi.rule_applied learning
binoche_decision binoche.decision learning
ensemble_update ensemble.update learning
alert_triggered alert.triggered alert
alert_resolved alert.resolved alert
threshold_exceeded threshold.exceeded alert
anomaly_detected anomaly.detected alert
session_start session.start session
session_end session.end session
session_harvest_completed session.harvest_completed session
persona_activated persona.activated persona
persona_switched persona.switched persona
chatops_command chatops.command chatops
"""
B = """
cycle.start cycle.start cycle
cycle.end cycle.end cycle
daemon.start daemon.start cycle
daemon.stop daemon.stop cycle
sense sense.project sense
sense.project sense.project sense
sense.all sense.all sense
wave.send wave.send wave
wave.result wave.result wave
window.update window.update wave
observe observe cognition
decision decision cognition
critic.evaluate critic.evaluate cognition
execute execute cognition
render render cognition
context.write context.write cognition
state.mood state.mood state
state.focus state.focus state
state.drive state.drive state
state.pain state.pain state
error error error
"""
C = """
egos.sparc.tasks sparc.task activity
egos.llm.logs llm.interaction activity
egos.propagation.log pattern.propagated activity
heartbeat heartbeat absence
"""
D = """
SEED_GERMINATED seed.germinated seed kasmina
SEED_STAGE_CHANGED seed.stage_changed seed kasmina
SEED_GATE_EVALUATED seed.gate_evaluated seed kasmina
SEED_FOSSILIZED seed.fossilized seed kasmina
SEED_PRUNED seed.pruned seed kasmina
PPO_UPDATE_COMPLETED ppo.update_completed training simic
BATCH_EPOCH_COMPLETED batch.epoch_completed training simic
TRAINING_STARTED training.started training simic
EPOCH_COMPLETED epoch.completed training simic
REWARD_COMPUTED reward.computed training simic
"""
E = """
script_error script.error script
"""
OURS = """
task_cancelled task.cancelled task
task.progress task.progress task
antithesis.start antithesis.start phase
antithesis.end antithesis.end phase
phase.start phase.start phase
phase.end phase.end phase
file.created file.created file
file.modified file.modified file
file.moved file.moved file
file.deleted file.deleted file
file.batch_changed file.batch_changed file
watch.interrupted watch.interrupted file
watch.resumed watch.resumed file
heartbeat.missed heartbeat.missed absence
heartbeat.missed.resolved heartbeat.missed.resolved absence
task.stalled task.stalled absence
task.stalled.resolved task.stalled.resolved absence
cycle.stalled cycle.stalled absence
cycle.stalled.resolved cycle.stalled.resolved absence
expectation.set expectation.set absence
expectation.missed expectation.missed absence
expectation.missed.resolved expectation.missed.resolved absence
test.event test.event otel_events
otel_events.writer.started otel_events.writer.started otel_events
otel_events.writer.report otel_events.writer.report otel_events
otel_events.writer.stopped otel_events.writer.stopped otel_events
otel_events.spool.dropped otel_events.spool.dropped otel_events
otel_events.suppressed otel_events.suppressed otel_events
"""
ROWS = [
    (system, *[*line.split(), ""][:4])
    for system, table in (("A", A), ("B", B), ("C", C), ("D", D), ("E", E), ("ours", OURS))
    for line in table.split("\n")
    if line
]

BEGINNINGS_AND_ENDS = {
    *("task.started", "task.completed", "task.failed", "task.cancelled"),
    *(f"{name}.{end}" for name in ("thesis", "antithesis", "synthesis", "phase") for end in ("start", "end")),
    *("session.start", "session.end", "cycle.start", "cycle.end", "daemon.start", "daemon.stop"),
    *("alert.triggered", "alert.resolved"),
}


@pytest.fixture(scope="module")
def catalog():
    return Catalog()


@pytest.mark.parametrize(("system", "old", "name", "category", "domain"), ROWS, ids=[row[1] for row in ROWS])
def test_every_spelling_of_the_five_systems_is_known(catalog, system, old, name, category, domain):
    """What a system wrote finds the definition of its canonical name, with category and domain."""
    found = catalog.find(old)

    assert found is not None
    assert (found.name, found.category, found.domain) == (name, category, domain)
    assert catalog.find(name) is found
    assert catalog.canonical(old) == name
    assert catalog.canonical(name) == name


def test_the_table_above_is_the_whole_catalogue(catalog):
    """No built-in event is missing from the table, so that none comes in without its row."""
    assert {definition.name for definition in catalog.definitions()} == {row[2] for row in ROWS}


def test_every_alias_means_one_event(catalog):
    """An old spelling leads to exactly one event, and `aliases_of` gives it back from either spelling."""
    aliases = [alias for definition in catalog.definitions() for alias in definition.aliases]

    assert len(aliases) == len(set(aliases))
    assert catalog.aliases_of("task.started") == catalog.aliases_of("task_started") == ("task_started",)


def test_every_event_tells_people_what_happened(catalog):
    """Each has a sentence for readers and a short message for displays, and so has each of its attributes."""
    silent = [definition.name for definition in catalog.definitions() if not (definition.brief and definition.message)]
    unexplained = {
        attribute.key
        for definition in catalog.definitions()
        for attribute in definition.attributes.values()
        if not attribute.brief
    }

    assert (silent, unexplained) == ([], set())


def test_beginnings_ends_and_alerts_are_lifecycle_events(catalog):
    """What begins, ends, alerts or is waited for is never held back; what comes many times a second is not among it."""
    lifecycle = {definition.name for definition in catalog.definitions() if definition.lifecycle}

    assert lifecycle >= {*BEGINNINGS_AND_ENDS, "heartbeat"}
    assert lifecycle.isdisjoint({"epoch.completed", "reward.computed", "sense.project"})


def test_frequent_events_are_rolled_up_and_not_copied_to_spans(catalog):
    """The two that the training dashboard aggregates are rolled up in displays and make no span events."""
    rolled_up = [definition for definition in catalog.definitions() if definition.rolled_up_in_displays]

    assert {definition.name for definition in rolled_up} == {"epoch.completed", "reward.computed"}
    assert not any(definition.copied_to_spans for definition in rolled_up)


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("task.failed", Severity.ERROR),
        ("script.error", Severity.ERROR),
        ("error", Severity.ERROR),
        ("alert.triggered", Severity.WARN),
        ("task.started", None),
    ],
)
def test_events_that_are_bad_news_say_so(catalog, name, severity):
    """Errors and alerts have their severity from the catalogue; the others say nothing, which means INFO."""
    assert catalog.find(name).severity is severity


def test_correlation_attributes_have_the_types_that_extraction_restores(catalog):
    """A value that came as text through another process gets its type back from here."""
    keys = ("task_id", "parent_task_id", "persona", "session_id", "cycle", "day", "env_id", "episode")

    assert [catalog.attribute(key).type for key in keys] == ["string"] * 4 + ["int"] * 4


def test_opentelemetrys_own_attributes_are_known_as_it_defines_them(catalog):
    """`error.type` is among a failed task's attributes, as a string."""
    assert catalog.find("task.failed").attributes["error.type"] == catalog.attribute("error.type")
    assert catalog.attribute("exception.stacktrace").type == "string"
