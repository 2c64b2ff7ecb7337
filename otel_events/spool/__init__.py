"""What waits in front of a network sink."""
