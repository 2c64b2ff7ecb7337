"""What comes in: OTLP over HTTP and gRPC."""
