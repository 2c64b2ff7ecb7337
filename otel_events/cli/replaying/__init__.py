"""Records out of files, sent again as they were."""
