"""What the commands of `migrate` do: options in, the work of `otel_events.migrating`, text or JSON out."""
