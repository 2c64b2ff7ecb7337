"""Where finished batches go: one file a sink."""
