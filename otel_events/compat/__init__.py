"""Drop-ins for home-made event systems: their calls, names and outputs, and an event of ours for each call."""
