"""What stands beside the events: each panel one file, which is told of every event and draws itself when asked."""
