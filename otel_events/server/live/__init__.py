"""The live stream: one hub, and the ways in which clients follow it."""
