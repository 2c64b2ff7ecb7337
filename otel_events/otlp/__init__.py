"""OTLP: encode, decode, send."""
