"""Moving over from home-made event systems: where they are called, what becomes of it, and whether it says the same."""
