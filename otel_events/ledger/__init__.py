"""The JSONL file of events, one flat object a line."""
