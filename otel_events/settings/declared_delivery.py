"""The settings of the queue, of delivery and of exit."""

from __future__ import annotations

from otel_events.settings import kinds
from otel_events.settings.setting import Setting, Variable, variables

_MIB = 1024 * 1024

DELIVERY = (
    Setting(
        "flush_interval",
        kinds.WAIT,
        0.05,
        "How long events are gathered before they are handled together.",
        (Variable("OTEL_EVENTS_FLUSH_INTERVAL"), Variable("OTEL_BLRP_SCHEDULE_DELAY", kinds.MILLISECONDS)),
        "seconds",
    ),
    Setting(
        "max_export_batch_size",
        kinds.whole_number(1),
        512,
        "Most events in one request; not more than `queue_events`.",
        variables("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE"),
    ),
    Setting(
        "queue_bytes",
        kinds.size(1),
        128 * _MIB,
        "Size of the queue between the program and the pipeline; beyond it events are dropped and counted.",
        variables("OTEL_EVENTS_QUEUE_BYTES"),
        "bytes",
    ),
    Setting(
        "queue_events",
        kinds.whole_number(1),
        None,
        "Most events in that queue.",
        variables("OTEL_BLRP_MAX_QUEUE_SIZE"),
        default_text="bounded by bytes alone",
    ),
    Setting(
        "export_timeout",
        kinds.NO_LONGER_THAN,
        None,
        "Longest time of one export, if shorter than the endpoint's `timeout`; 0 is no limit.",
        variables("OTEL_BLRP_EXPORT_TIMEOUT", kind=kinds.MILLISECONDS_NO_LONGER_THAN),
        "seconds",
        "the endpoint's `timeout`",
    ),
    Setting(
        "exit_timeout",
        kinds.WAIT,
        2.0,
        "Longest time that the end of the program is delayed.",
        variables("OTEL_EVENTS_EXIT_TIMEOUT"),
        "seconds",
    ),
    Setting(
        "durability",
        kinds.one_of("memory", "async", "journal", "sync"),
        "async",
        "What a killed process may lose: `memory`, `async`, `journal` or `sync`.",
        variables("OTEL_EVENTS_DURABILITY"),
    ),
    Setting(
        "spool_dir",
        kinds.PATH,
        None,
        "Directory of the spool.",
        variables("OTEL_EVENTS_SPOOL_DIR"),
        default_text="in the user's state directory",
    ),
    Setting(
        "spool_max_bytes",
        kinds.size(1),
        512 * _MIB,
        "Size of the spool; beyond it the oldest is dropped and counted.",
        variables("OTEL_EVENTS_SPOOL_MAX_BYTES"),
        "bytes",
    ),
    Setting(
        "spool_max_age",
        kinds.AGE,
        7 * 86_400.0,
        "Age at which what lies in the spool is dropped and counted.",
        variables("OTEL_EVENTS_SPOOL_MAX_AGE"),
        "seconds",
    ),
    Setting(
        "span_batch.flush_interval",
        kinds.WAIT,
        None,
        "How long ended spans are gathered; with `flush_interval` the shorter of the two counts for both.",
        variables("OTEL_BSP_SCHEDULE_DELAY", kind=kinds.MILLISECONDS),
        "seconds",
        "as `flush_interval`",
    ),
    Setting(
        "span_batch.max_export_batch_size",
        kinds.whole_number(1),
        None,
        "Most spans in one request; not more than `span_batch.queue_events`.",
        variables("OTEL_BSP_MAX_EXPORT_BATCH_SIZE"),
        default_text="as `max_export_batch_size`",
    ),
    Setting(
        "span_batch.queue_events",
        kinds.whole_number(1),
        None,
        "Most spans in the queue.",
        variables("OTEL_BSP_MAX_QUEUE_SIZE"),
        default_text="as `queue_events`",
    ),
    Setting(
        "span_batch.export_timeout",
        kinds.NO_LONGER_THAN,
        None,
        "Longest time of one export of spans; 0 is no limit.",
        variables("OTEL_BSP_EXPORT_TIMEOUT", kind=kinds.MILLISECONDS_NO_LONGER_THAN),
        "seconds",
        "as `export_timeout`",
    ),
)
