"""A script whose errors go to a collector, by the calls that it always had; here to a small one of its own.

python examples/script_logger.py
"""

from __future__ import annotations

import json
import time
from tempfile import mkdtemp

# Was: from script_logger import ...
from otel_events.compat import script_logger
from otel_events.compat.script_logger import get_metrics, setup_l2_logger
from otel_events.compat.script_receiver import ScriptReceiver


def main() -> None:
    """Log what matters, and what does not."""
    logger = setup_l2_logger("my_script", "orchestration/scripts/my_script.py")
    logger.info("for the console alone")
    try:
        int("c-1")
    except ValueError:
        logger.exception("Bootstrap failed for %s, token=%s", "c-1", "abc123")


if __name__ == "__main__":
    with ScriptReceiver(port=0) as receiver:
        # In your scripts both stay what they are: http://localhost:8010/ingest and /tmp/l2-logs-spool.
        script_logger.COLLECTOR_URL = receiver.url
        script_logger.SPOOL_DIRECTORY = mkdtemp()
        main()
        until = time.monotonic() + 30
        while not get_metrics()["published"] and time.monotonic() < until:
            time.sleep(0.05)
        print(json.dumps(receiver.published[0], indent=2))
        print(get_metrics())
