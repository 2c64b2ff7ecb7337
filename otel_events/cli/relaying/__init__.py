"""Events of programs that cannot change, taken from where they say them and sent on."""
