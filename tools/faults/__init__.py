"""Break everything around the product, on this machine, and count what became of every event."""
