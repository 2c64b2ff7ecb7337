"""Programs as logging's and structlog's documentation writes them, with our handler in place of theirs, seen from Loki."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

import pytest

from tests.program import run_program, send_rest
from tools.backends.waiting import wait_for

pytestmark = pytest.mark.backends

# What a tutorial's first program with a logger of its own does: one call of each level.
EVERY_LEVEL = """
    import logging
    logger = logging.getLogger("simple_example")
    logger.setLevel(logging.DEBUG)
    handler = ev.EventHandler(logging.DEBUG)
    logger.addHandler(handler)
    logger.debug("debug message")
    logger.info("info message")
    logger.warning("warn message")
    logger.error("error message")
    logger.critical("critical message")
"""
# The same logger out of a file in the format of configparser.
FROM_A_FILE = """
    import logging, logging.config, pathlib
    pathlib.Path("logging.conf").write_text('''
    [loggers]
    keys=root,simpleExample
    [handlers]
    keys=eventHandler
    [formatters]
    keys=
    [logger_root]
    level=DEBUG
    handlers=eventHandler
    [logger_simpleExample]
    level=DEBUG
    handlers=eventHandler
    qualname=simpleExample
    propagate=0
    [handler_eventHandler]
    class=otel_events.EventHandler
    level=DEBUG
    args=()
    '''.replace("    ", ""))
    logging.config.fileConfig("logging.conf")
    logger = logging.getLogger("simpleExample")
    logger.debug("debug message")
    logger.warning("warn message")
"""
# A configuration as a dictionary, with a console and a logger for one module.
FROM_A_DICTIONARY = """
    import logging.config
    logging.config.dictConfig({
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"standard": {"format": "%(asctime)s [%(levelname)s] %(name)s: %(message)s"}},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "standard", "stream": "ext://sys.stdout"},
            "events": {"class": "otel_events.EventHandler", "level": "INFO", "formatter": "standard"},
        },
        "loggers": {"my.module": {"level": "DEBUG", "handlers": ["console", "events"], "propagate": False}},
        "root": {"level": "WARNING", "handlers": ["console"]},
    })
    logging.getLogger("my.module").debug("not for the backend")
    logging.getLogger("my.module").info("Started with %d workers", 4)
    try:
        1 / 0
    except ZeroDivisionError:
        logging.getLogger("my.module").exception("Division failed")
"""
# Handlers that may be slow stand behind a queue; here inside a span.
BEHIND_A_QUEUE = """
    import logging, logging.handlers, queue
    from opentelemetry import trace
    que = queue.Queue(-1)
    queue_handler = logging.handlers.QueueHandler(que)
    listener = logging.handlers.QueueListener(que, ev.EventHandler(logging.WARNING), respect_handler_level=True)
    root = logging.getLogger()
    root.addHandler(queue_handler)
    listener.start()
    with ev.task("watch", task_id="t-queue"):
        root.warning("Look out!")
        print(f"{trace.get_current_span().get_span_context().trace_id:032x}")
    listener.stop()
"""
# What a call does not say comes from an adapter, and from a filter.
WITH_CONTEXT = """
    import logging
    class ContextFilter(logging.Filter):
        def filter(self, record):
            record.ip, record.user = "123.231.231.123", "sheila"
            return True
    class CustomAdapter(logging.LoggerAdapter):
        def process(self, msg, kwargs):
            return f"[{self.extra['connid']}] {msg}", kwargs
    logger = logging.getLogger("d.e.f")
    logger.addFilter(ContextFilter())
    logger.addHandler(ev.EventHandler("INFO"))
    logger.setLevel(logging.INFO)
    CustomAdapter(logger, {"connid": "c-17"}).info("A message at %s level with %d %s", "INFO", 2, "parameters")
    logging.LoggerAdapter(logger, {"connid": "c-18"}).warning("Another", extra={"left": "out by an adapter of old"})
    logger.error("%d of them", "three")
"""
# structlog as it is configured by itself, with one processor more.
STRUCTLOG = """
    import logging, structlog
    from otel_events.bridges import EventTee
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.StackInfoRenderer(),
            structlog.dev.set_exc_info,
            EventTee(),
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(colors=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.NOTSET),
        logger_factory=structlog.PrintLoggerFactory(),
    )
    log = structlog.get_logger()
    structlog.contextvars.bind_contextvars(request_id="r-1", peer="127.0.0.1")
    log = log.bind(user="anonymous", some_key=23)
    log.warning("hello, %s!", "world", more_than_strings=[1, 2, 3])
    log.info("user.logged_in", happy=True)
    try:
        1 / 0
    except ZeroDivisionError:
        log.exception("cannot compute", what="7/0")
"""
# structlog that renders through logging, next to loggers that know nothing of it.
STRUCTLOG_THROUGH_LOGGING = """
    import logging, structlog
    timestamper = structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S")
    shared = [structlog.stdlib.add_log_level, structlog.stdlib.ExtraAdder(), timestamper]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.dev.ConsoleRenderer(colors=False),
        ],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root_logger = logging.getLogger()
    root_logger.addHandler(handler)
    root_logger.addHandler(ev.EventHandler("INFO"))
    root_logger.setLevel(logging.INFO)
    with ev.context(persona="thesis"):
        structlog.get_logger("through").warning("via structlog", answer=42)
        logging.getLogger("plain").warning("via %s", "logging", extra={"answer": 43})
"""


@dataclass
class Told:
    """What one program printed, and what Loki has of it."""

    loki: object
    service: str = field(default_factory=lambda: f"program-{secrets.token_hex(4)}")
    printed: list[str] = field(default_factory=list)

    def rows(self, count):
        """Return the *count* records of the program, in order, when all of them are there."""

        def find():
            rows = [
                row
                for row in self.loki.query(f'{{service_name="{self.service}"}}')
                if not row["attributes"].get("event_name", "").startswith(("otel_events.", "task."))
            ]
            return rows if len(rows) >= count else None

        rows = wait_for(find, f"{count} records of {self.service} in Loki")
        assert len(rows) == count, rows
        return rows


@pytest.fixture
def tell(collector, loki, tmp_path):
    """Run a program as a process of its own that sends to the Collector."""

    def run(program):
        told = Told(loki)
        ran = run_program(
            program,
            tmp_path,
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.http_endpoint,
            OTEL_SERVICE_NAME=told.service,
        )
        assert (ran.code, ran.err) == (0, "")
        send_rest(tmp_path)
        told.printed = ran.out.splitlines()
        return told

    return run


def said(row):
    attributes = row["attributes"]
    return row["body"], attributes["severity_number"], attributes["detected_level"], attributes["scope_name"]


def chosen(row, *keys):
    return {key: row["attributes"].get(key) for key in keys}


def test_each_level_arrives_as_its_severity(tell):
    """DEBUG to CRITICAL, in order, and with the level that Loki's colours go by."""
    assert [said(row) for row in tell(EVERY_LEVEL).rows(5)] == [
        ("debug message", "5", "debug", "simple_example"),
        ("info message", "9", "info", "simple_example"),
        ("warn message", "13", "warn", "simple_example"),
        ("error message", "17", "error", "simple_example"),
        ("critical message", "21", "fatal", "simple_example"),
    ]


def test_a_configuration_in_a_file(tell):
    """`logging.config.fileConfig` makes the handler as any other."""
    assert [said(row) for row in tell(FROM_A_FILE).rows(2)] == [
        ("debug message", "5", "debug", "simpleExample"),
        ("warn message", "13", "warn", "simpleExample"),
    ]


def test_a_configuration_as_a_dictionary_with_an_exception(tell):
    """The console goes on as ever; the exception and the place of the call are attributes."""
    told = tell(FROM_A_DICTIONARY)
    started, failed = told.rows(2)

    assert "not for the backend" in told.printed[0]
    assert told.printed[-1] == "ZeroDivisionError: division by zero"
    assert said(started) == ("Started with 4 workers", "9", "info", "my.module")
    assert said(failed) == ("Division failed", "17", "error", "my.module")
    assert chosen(failed, "exception_type", "exception_message", "code_function_name") == {
        "exception_type": "ZeroDivisionError",
        "exception_message": "division by zero",
        "code_function_name": "<module>",
    }
    assert failed["attributes"]["exception_stacktrace"].endswith("1 / 0\nZeroDivisionError: division by zero")


def test_behind_a_queue_a_record_keeps_the_trace_of_its_call(tell):
    """Also on the listener's thread, where no span is."""
    told = tell(BEHIND_A_QUEUE)
    (row,) = told.rows(1)

    assert said(row) == ("Look out!", "13", "warn", "root")
    assert chosen(row, "trace_id", "task_id") == {"trace_id": told.printed[0], "task_id": "t-queue"}
    assert len(row["attributes"]["span_id"]) == 16


def test_adapters_and_filters_and_a_wrong_call(tell):
    """What they add is there; a call whose arguments do not fit arrives, and says so."""
    adapted, extended, wrong = tell(WITH_CONTEXT).rows(3)

    assert said(adapted) == ("[c-17] A message at INFO level with 2 parameters", "9", "info", "d.e.f")
    assert chosen(adapted, "ip", "user") == {"ip": "123.231.231.123", "user": "sheila"}
    assert chosen(extended, "connid", "ip") == {"connid": "c-18", "ip": "123.231.231.123"}
    assert said(wrong) == ("%d of them", "17", "error", "d.e.f")
    assert "TypeError" in wrong["attributes"]["otel_events_log_format_error"]


def test_structlog_as_it_is_configured_by_itself(tell):
    """Printed as ever; entries arrive with what is bound, the dotted one as an event, exceptions as attributes."""
    told = tell(STRUCTLOG)
    hello, logged_in, failed = told.rows(3)

    assert "hello, world!" in told.printed[0]
    assert said(hello)[:3] == ("hello, world!", "13", "warn")
    bound = {"request_id": "r-1", "peer": "127.0.0.1", "user": "anonymous", "some_key": "23"}
    assert chosen(hello, *bound) == chosen(logged_in, *bound) == bound
    assert chosen(logged_in, "event_name", "happy") == {"event_name": "user.logged_in", "happy": "true"}
    assert said(failed)[:3] == ("cannot compute", "17", "error")
    assert chosen(failed, "exception_type", "what") == {"exception_type": "ZeroDivisionError", "what": "7/0"}


def test_structlog_through_logging(tell):
    """One handler for both: what is bound and what the calls say."""
    told = tell(STRUCTLOG_THROUGH_LOGGING)
    through, plain = told.rows(2)

    assert ["via structlog" in told.printed[0], "via logging" in told.printed[1]] == [True, True]
    assert said(through) == ("via structlog", "13", "warn", "through")
    assert said(plain) == ("via logging", "13", "warn", "plain")
    assert chosen(through, "answer", "persona") == {"answer": "42", "persona": "thesis"}
    assert chosen(plain, "answer", "persona") == {"answer": "43", "persona": "thesis"}
