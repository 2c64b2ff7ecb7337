"""A script whose errors go to a collector, by the calls that it always had, here to a small one of its own: promised and seen.

python examples/script_logger.py
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

# Was: from script_logger import ...
from otel_events.compat import script_logger
from otel_events.compat.script_logger import get_metrics, setup_l2_logger
from otel_events.compat.script_receiver import ScriptReceiver

if TYPE_CHECKING:
    from collections.abc import Collection


def main() -> None:
    """Log what matters, and what does not."""
    logger = setup_l2_logger(script_name="my_script", script_path="orchestration/scripts/my_script.py")
    logger.info("for the console alone")
    try:
        int("c-1")
    except ValueError:
        logger.exception("Bootstrap failed for %s, token=%s, https://user:hunter2@host", "c-1", "abc123")


def leave_one_behind(spool: Path) -> None:
    """Put an envelope where scripts of before have left theirs."""
    envelope = {"type": "membrane.inject", "severity": "critical", "note": "a leftover", "metadata": {}}
    (spool / "1771095683.json").write_text(json.dumps(envelope), encoding="utf-8")


def compare(promised: str, seen: object) -> None:
    """Print the two, one below the other."""
    print(f"promised  {promised}\n    seen  {json.dumps(seen, ensure_ascii=False)}\n")


def show(published: Collection[dict[str, Any]], metrics: dict[str, int]) -> None:
    """Compare what was promised with what the collector got."""
    own = [each for each in published if "note" not in each]
    envelope, metadata = own[0], own[0]["metadata"]
    compare("below l2_level console only", len(own))
    compare("type, citizen_id, channel", [envelope[key] for key in ("type", "citizen_id", "channel")])
    compare("content: <script>: <message>, secrets as <REDACTED>", envelope["content"])
    compare("severity, features_raw {urgency, novelty, trust}", [envelope["severity"], envelope["features_raw"]])
    compare("metadata", sorted(metadata))
    compare("signal_type, level, error_type", [metadata[key] for key in ("signal_type", "level", "error_type")])
    compare("stimulus_id script_log_<script>_<ms>_<hex>", metadata["stimulus_id"].rsplit("_", 2)[0])
    compare("dedupe_key and stack_fingerprint: sha1", [len(metadata[k]) for k in ("dedupe_key", "stack_fingerprint")])
    compare(
        "what earlier scripts left in the spool is brought as well",
        [each["note"] for each in published if "note" in each],
    )
    compare("get_metrics() {dropped_logs, spool_writes, ...}", metrics)


if __name__ == "__main__":
    with ScriptReceiver(port=0) as receiver:
        # In your scripts both stay what they are: http://localhost:8010/ingest and /tmp/l2-logs-spool.
        script_logger.COLLECTOR_URL = receiver.url
        script_logger.SPOOL_DIRECTORY = mkdtemp()
        leave_one_behind(Path(script_logger.SPOOL_DIRECTORY))
        main()
        until = time.monotonic() + 30
        while get_metrics()["published"] < 2 and time.monotonic() < until:
            time.sleep(0.05)
        show(receiver.published, get_metrics())
