"""Ways to set logging up: in one line, and those of logging's own documentation."""

import logging
import logging.config
import logging.handlers
import queue
import sys

import pytest

import otel_events as ev
from otel_events.bridges import EventHandler
from tests.bridges.logging_state import bare_root, logging_state, program_s_own  # noqa: F401
from tests.program import run_program

# -- in one line -----------------------------------------------------------------------------------------------------


def test_one_line_gives_a_console_and_events(events, capsys):
    """Errors become records, the rest is printed alone; records say which script it was."""
    bare_root()
    log = ev.setup_logging(script=__file__)
    log.info("going on")
    log.debug("nothing of this")
    log.error("Bootstrap failed for %s", "c-7")

    event = events.only("")
    assert log.name == "test_logging_setup"
    assert (event.message, event.attributes["script_name"]) == ("Bootstrap failed for c-7", "test_logging_setup")
    assert event.attributes["script_path"].endswith("tests/bridges/test_logging_setup.py")
    printed = capsys.readouterr().err
    assert [line.split(" ", 2)[2] for line in printed.splitlines()] == [
        "INFO     test_logging_setup: going on",
        "ERROR    test_logging_setup: Bootstrap failed for c-7",
    ]


def test_a_console_that_is_there_stays_the_only_one(events, capsys):
    """Nothing is printed twice, and nothing that was not printed before."""
    logging.basicConfig(force=True, format="%(message)s")
    ev.setup_logging(level="ERROR")
    logging.getLogger("app").warning("a")
    logging.getLogger("app").info("b")

    assert capsys.readouterr().err == "a\n"
    assert len(events) == 0


def test_the_level_is_that_of_events(events):
    """Down to DEBUG, whatever the root logger's level was."""
    bare_root()
    ev.setup_logging(level="debug", console=False, exclude=["app.noise"])
    logging.getLogger("app").debug("x")
    logging.getLogger("app.noise").error("y")

    assert events.only("").message == "x"


def test_the_last_call_holds(events):
    """A second call replaces what the first has put in place."""
    bare_root()
    ev.setup_logging(level="INFO", console=True)
    ev.setup_logging(level="ERROR", console=True)
    logging.getLogger("app").error("x")

    assert len(logging.getLogger().handlers) == 2
    assert events.only("").message == "x"


def test_everything_that_is_wrong_is_told_at_once():
    """And nothing is changed."""
    root = bare_root()
    with pytest.raises(ev.ConfigurationError) as caught:
        ev.setup_logging(level="LOUD", console_level=True, include=7, exclude=[None])

    assert len(caught.value.problems) == 4
    assert root.handlers == []


# -- by logging's own means ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["otel_events.EventHandler", "otel_events.bridges.EventHandler"])
def test_dict_config(events, name):
    """Level, filters and arguments as for any handler; a formatter changes nothing in the body."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"plain": {"format": "%(asctime)s %(message)s"}},
            "handlers": {
                "events": {
                    "class": name,
                    "level": "WARNING",
                    "formatter": "plain",
                    "exclude": ["app.noise"],
                    "attributes": {"region": "eu"},
                },
            },
            "root": {"level": "INFO", "handlers": ["events"]},
        }
    )
    logging.getLogger("app").info("a")
    logging.getLogger("app").warning("b")
    logging.getLogger("app.noise").warning("c")

    event = events.only("")
    assert (event.message, event.attributes["region"]) == ("b", "eu")


def test_a_wrong_level_in_dict_config_is_told():
    """As for any handler."""
    config = {"version": 1, "handlers": {"events": {"class": "otel_events.EventHandler", "level": "LOUD"}}}
    with pytest.raises(ValueError, match="Unable to configure handler 'events'"):
        logging.config.dictConfig(config)


def test_file_config(events, tmp_path):
    """The old format."""
    path = tmp_path / "logging.ini"
    path.write_text(
        "[loggers]\nkeys=root\n[handlers]\nkeys=events\n[formatters]\nkeys=\n"
        "[logger_root]\nlevel=INFO\nhandlers=events\n"
        "[handler_events]\nclass=otel_events.EventHandler\nlevel=ERROR\nargs=()\nkwargs={'exclude': 'app.noise'}\n"
    )
    logging.config.fileConfig(path, disable_existing_loggers=False)
    logging.getLogger("app").error("x")
    logging.getLogger("app.noise").error("y")

    assert events.only("").message == "x"


def test_a_queue_between_logger_and_handler(events):
    """On the listener's thread a record still has the scope, the span and the exception of its call."""
    waiting = queue.Queue(-1)
    bare_root().addHandler(logging.handlers.QueueHandler(waiting))
    listener = logging.handlers.QueueListener(waiting, EventHandler(), respect_handler_level=True)
    listener.start()
    with ev.task("draft", task_id="t-1"), ev.context(persona="thesis"):
        logging.getLogger("app").error("plain %s", "text", extra={"a": 1})
        logging.getLogger("app").error("Took it", extra={"event": "evidence.added"})
        try:
            raise LookupError("no such\ncitizen")
        except LookupError:
            logging.getLogger("app").exception("Bootstrap failed", stack_info=True)
    listener.stop()

    started = events.one("task.started")
    plain, named, failed = (event for event in events if "persona" in event.attributes)
    assert (plain.message, plain.attributes["a"], plain.attributes["persona"]) == ("plain text", 1, "thesis")
    assert {event.span_id for event in (plain, named, failed)} == {started.span_id}
    assert (named.name, named.message) == ("evidence.added", "Took it")
    assert failed.message == "Bootstrap failed"
    assert failed.attributes["exception.type"] == "LookupError"
    assert failed.attributes["exception.message"] == "no such\ncitizen"
    assert failed.attributes["exception.stacktrace"].startswith("Traceback (most recent call last):\n")
    assert "stack_info=True" in failed.attributes["code.stacktrace"]


def test_a_chain_of_exceptions_through_a_queue(events):
    """Its last one is what happened; the stack shows all."""
    waiting = queue.Queue(-1)
    bare_root().addHandler(logging.handlers.QueueHandler(waiting))
    try:
        try:
            raise KeyError("first")
        except KeyError as error:
            raise ev.DefinitionError("second", ["third"]) from error
    except ev.DefinitionError:
        logging.getLogger("app").exception("x")
    EventHandler().handle(waiting.get_nowait())

    attributes = events.only("").attributes
    assert attributes["exception.type"] == "otel_events.errors.DefinitionError"
    assert "KeyError: 'first'" in attributes["exception.stacktrace"]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python has no exception groups")
def test_a_group_of_exceptions_through_a_queue(events):
    """The group is what happened; what is in it is in the stack, without lines beside it behind which a secret would hide."""
    waiting = queue.Queue(-1)
    bare_root().addHandler(logging.handlers.QueueHandler(waiting))
    members = [ValueError("password:\n  hunter2-and-more"), ExceptionGroup("inner", [KeyError("deep")])]  # noqa: F821
    try:
        raise ExceptionGroup("outer", members)  # noqa: F821
    except Exception:
        logging.getLogger("app").exception("Bootstrap failed")
    EventHandler().handle(waiting.get_nowait())

    failed = events.only("")
    assert failed.message == "Bootstrap failed"
    assert failed.attributes["exception.type"] == "ExceptionGroup"
    assert failed.attributes["exception.message"] == "outer (2 sub-exceptions)"
    stack = failed.attributes["exception.stacktrace"]
    assert stack.startswith("Traceback (most recent call last):\n")
    assert ("\nKeyError: 'deep'" in stack, "\nException 2 of the group:\n" in stack) == (True, True)
    assert ("hunter2" in stack, "|" in stack, "--" in stack) == (False, False, False)


def test_a_memory_handler(events):
    """Records that waited in memory have the time and the scope of their calls."""
    target = EventHandler(logging.DEBUG)
    memory = logging.handlers.MemoryHandler(100, flushLevel=logging.ERROR, target=target)
    bare_root().addHandler(memory)
    log = logging.getLogger("app")
    with ev.context(persona="thesis"):
        log.warning("a")
    with ev.context(persona="antithesis"):
        log.error("b")

    assert [(event.message, event.attributes["persona"]) for event in events] == [("a", "thesis"), ("b", "antithesis")]
    assert events[0].timestamp <= events[1].timestamp


def test_a_logger_adapter(events):
    """Contextual information as the logging cookbook has it."""
    bare_root().addHandler(EventHandler())
    log = logging.LoggerAdapter(logging.getLogger("app"), {"connection": "c-1"})
    log.error("x")

    assert events.only("").attributes["connection"] == "c-1"


# -- whole programs --------------------------------------------------------------------------------------------------


def test_the_first_program_of_the_logging_cookbook(tmp_path):
    """Several modules, several levels, unchanged but for the handler: what is logged arrives, by the end of the program."""
    (tmp_path / "auxiliary_module.py").write_text(
        """
import logging
module_logger = logging.getLogger('spam_application.auxiliary')
class Auxiliary:
    def __init__(self):
        self.logger = logging.getLogger('spam_application.auxiliary.Auxiliary')
        self.logger.info('creating an instance of Auxiliary')
    def do_something(self):
        self.logger.info('doing something')
        a = 1 + 1
        self.logger.info('done doing something')
def some_function():
    module_logger.info('received a call to "some_function"')
"""
    )
    ledger = tmp_path / "events.jsonl"
    ran = run_program(
        """
        import logging
        import auxiliary_module
        logger = logging.getLogger('spam_application')
        logger.setLevel(logging.DEBUG)
        fh = ev.EventHandler()
        fh.setLevel(logging.DEBUG)
        ch = logging.StreamHandler()
        ch.setLevel(logging.ERROR)
        formatter = logging.Formatter('%(asctime)s - %(name)s - %(levelname)s - %(message)s')
        fh.setFormatter(formatter)
        ch.setFormatter(formatter)
        logger.addHandler(fh)
        logger.addHandler(ch)
        logger.info('creating an instance of auxiliary_module.Auxiliary')
        a = auxiliary_module.Auxiliary()
        logger.info('created an instance of auxiliary_module.Auxiliary')
        logger.info('calling auxiliary_module.Auxiliary.do_something')
        a.do_something()
        logger.info('finished auxiliary_module.Auxiliary.do_something')
        logger.info('calling auxiliary_module.some_function()')
        auxiliary_module.some_function()
        logger.info('done with auxiliary_module.some_function()')
        """,
        tmp_path,
        OTEL_EVENTS_LEDGER_PATH=str(ledger),
    )

    assert (ran.code, ran.err) == (0, "")
    assert [
        (line["message"], line["scope"]["name"].removeprefix("spam_application")) for line in program_s_own(ledger)
    ] == [
        ("creating an instance of auxiliary_module.Auxiliary", ""),
        ("creating an instance of Auxiliary", ".auxiliary.Auxiliary"),
        ("created an instance of auxiliary_module.Auxiliary", ""),
        ("calling auxiliary_module.Auxiliary.do_something", ""),
        ("doing something", ".auxiliary.Auxiliary"),
        ("done doing something", ".auxiliary.Auxiliary"),
        ("finished auxiliary_module.Auxiliary.do_something", ""),
        ("calling auxiliary_module.some_function()", ""),
        ('received a call to "some_function"', ".auxiliary"),
        ("done with auxiliary_module.some_function()", ""),
    ]


@pytest.mark.slow
def test_a_script_that_logs_an_error_last_thing(tmp_path):
    """Set up in one line, nothing else: the error is in the ledger when the script has ended."""
    ledger = tmp_path / "events.jsonl"
    ran = run_program(
        """
        log = ev.setup_logging(script=__file__)
        try:
            open("/nowhere/at/all")
        except OSError:
            log.error("Bootstrap failed for %s", "c-7", exc_info=True)
        sys.exit(3)
        """,
        tmp_path,
        OTEL_EVENTS_LEDGER_PATH=str(ledger),
    )

    (line,) = program_s_own(ledger)
    assert ran.code == 3
    assert "ERROR    program: Bootstrap failed for c-7" in ran.err
    assert (line["event"], line["severity"], line["message"]) == ("", "ERROR", "Bootstrap failed for c-7")
    assert line["attributes"]["exception.type"] == "FileNotFoundError"
    assert (line["attributes"]["script_name"], line["attributes"]["script_path"]) == ("program", "program.py")
