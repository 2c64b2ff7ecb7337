"""The programs to which faults happen: each one emits numbered events and says what it was told about them."""
