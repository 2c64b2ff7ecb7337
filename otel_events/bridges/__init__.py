"""Doors through which existing programs and OpenTelemetry itself come in."""
