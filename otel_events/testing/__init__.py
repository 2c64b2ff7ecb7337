"""For the tests of programs that emit events."""
