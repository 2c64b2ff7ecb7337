"""What keeps settings, their documentation and the cost of reading them together."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_documentation_is_current():
    """The tables of docs/settings.md are those of the declaration."""
    command = [sys.executable, str(ROOT / "tools" / "generate_settings_docs.py"), "--check"]

    assert subprocess.run(command, capture_output=True, text=True, check=False).returncode == 0


def test_nothing_heavy_is_imported():
    """Reading settings brings in no part of OpenTelemetry, no exporter, and no upper layer of the package."""
    code = (
        "import sys, otel_events; before = set(sys.modules);"
        "import otel_events.settings as s; s.resolve({}, {'OTEL_LOGS_EXPORTER': 'otlp'});"
        "light = ('otel_events.settings', 'otel_events.errors', 'otel_events.filter_language', 'otel_events.time_spans', 'otel_events.lazy_pattern');"
        "ours = {name for name in set(sys.modules) - before if name.startswith(('otel', 'opentel', 'grpc', 'difflib'))};"
        "print([name for name in ours if not name.startswith(light)])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert run.stdout.strip() == "[]"
