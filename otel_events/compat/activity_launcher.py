"""Starts the activity publisher: with the packages that it needs, and a NATS server if none answers.

python -m otel_events.compat.activity_launcher DIRECTORY...
"""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING

from otel_events.compat.activity_program import complain, end_by_sigterm, make_parser, run, tell
from otel_events.compat.nats_process import NatsProcess
from otel_events.errors import ConfigurationError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

# The packages by the names of their modules.
_NEEDED = {"nats": "nats-py", "watchdog": "watchdog", "pathspec": "pathspec", "yaml": "pyyaml"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Check, start what is missing, publish until Ctrl-C; return the exit code: 0, or 2 for what cannot work."""
    said = make_parser("python -m otel_events.compat.activity_launcher").parse_args(arguments)
    missing = [package for module, package in _NEEDED.items() if importlib.util.find_spec(module) is None]
    if missing:
        return complain(f"missing: {', '.join(missing)}. pip install 'otel-events[nats,watch]'")
    end_by_sigterm()
    try:
        return _publish(said)
    except ConfigurationError as error:
        return complain(str(error))
    except KeyboardInterrupt:  # before there was anything to end
        return 0


def _publish(said: argparse.Namespace) -> int:
    from otel_events.compat import message_courier
    from otel_events.compat.activity import ActivityPublisher

    with NatsProcess(said.nats) as server:
        if server.is_own:
            tell("none answered: started nats-server, for this machine alone")
        try:
            return run(ActivityPublisher, said)
        finally:
            if server.is_own:  # while it is there
                message_courier.end_all()


if __name__ == "__main__":
    sys.exit(main())
