"""System E as it was when its collector is away: a file of JSON in the spool for each error."""

import hashlib
import json
import logging
import time
import traceback
import uuid
from pathlib import Path

COLLECTOR_URL = "http://localhost:8010/ingest"
SPOOL_DIRECTORY = "/tmp/l2-logs-spool"
SEVERITIES = {"WARNING": ("warn", 0.4), "ERROR": ("error", 0.7), "CRITICAL": ("critical", 0.95)}
metrics = {"dropped_logs": 0, "spool_writes": 0}


class Handler(logging.Handler):
    def __init__(self, script_name, script_path, level):
        super().__init__(level)
        self.name_, self.path = script_name, script_path

    def emit(self, record):
        message = record.getMessage()
        frames, error_type, stack = [], "", ""
        if record.exc_info:
            error_type = record.exc_info[0].__name__
            stack = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
            frames = traceback.extract_tb(record.exc_info[2])[-5:]
        places = [(frame.filename, frame.name) for frame in frames] or [(record.pathname, record.funcName)]
        print_ = hashlib.sha1("|".join(f"{Path(file).name}::{name}" for file, name in places).encode()).hexdigest()
        dedupe = f"{self.name_}|{error_type}|{message}|{print_}"
        severity, urgency = SEVERITIES[record.levelname]
        now = int(record.created * 1000)
        sid = f"script_log_{self.name_}_{now}_{uuid.uuid4().hex[:8]}"
        envelope = {
            "type": "membrane.inject",
            "citizen_id": "code_substrate_" + self.path.removesuffix(".py").replace("/", "_") + "_py",
            "channel": f"signals.script.{self.name_}",
            "content": f"{self.name_}: {message}"[:500],
            "severity": severity,
            "features_raw": {"urgency": urgency, "novelty": 0.25, "trust": 0.9},
            "metadata": {
                "stimulus_id": sid,
                "origin": "script_logger",
                "timestamp_ms": now,
                "signal_type": "script_error",
                "dedupe_key": hashlib.sha1(dedupe.encode()).hexdigest(),
                "stack_fingerprint": print_,
                "script_name": self.name_,
                "script_path": self.path,
                "module": record.module,
                "function": record.funcName,
                "line": record.lineno,
                "level": record.levelname,
                "error_type": error_type,
                "stack_trace": stack,
            },
        }
        Path(SPOOL_DIRECTORY).mkdir(exist_ok=True)
        Path(SPOOL_DIRECTORY, f"{time.time_ns()}.json").write_text(json.dumps(envelope))
        metrics["spool_writes"] += 1


def setup_l2_logger(script_name, script_path, l2_level=logging.ERROR):
    logger = logging.getLogger(script_name)
    logger.addHandler(Handler(script_name, script_path, l2_level))
    logger.setLevel(logging.INFO)
    return logger


def get_metrics():
    return dict(metrics)
