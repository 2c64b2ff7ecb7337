"""What is right and wrong with this machine's set-up, each with what to do about it."""
