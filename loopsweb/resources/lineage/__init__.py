"""What came from what: sessions, runs, checkpoints, and what was started from these."""
