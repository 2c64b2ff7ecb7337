"""What is kept: the ledger, and an index beside it."""
