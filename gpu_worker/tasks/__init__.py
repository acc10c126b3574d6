"""What a job of each kind does: one file per kind."""
