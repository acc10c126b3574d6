"""The one long-running process: takes jobs from the queues, does the heavy work, never imports `functions.api`."""
