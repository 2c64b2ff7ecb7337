"""Secrets are taken out of all that leaves the process."""

from otel_events.redaction.explanation import explain
from otel_events.redaction.redactor import Redactor
from otel_events.redaction.scanner import Finding
from otel_events.redaction.settings import RedactionSettings

__all__ = ["Finding", "RedactionSettings", "Redactor", "explain"]
