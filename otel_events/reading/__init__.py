"""Records out of files: whatever holds events is read alike."""
