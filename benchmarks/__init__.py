"""What an event costs, beside what our peers cost, measured in one run."""
