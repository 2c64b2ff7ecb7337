"""A server that works for a while under load: is every event kept and seen once, and does nothing grow that should not?"""
