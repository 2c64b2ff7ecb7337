"""From drafts to finished batches: the queue, the thread, one file a stage."""
