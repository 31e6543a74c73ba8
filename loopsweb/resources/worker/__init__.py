"""The threads that poll, send and settle: lanes, each with its jobs, apart from the queue."""
