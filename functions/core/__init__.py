"""What the house knows: accounts, recordings, jobs. Anyone may import it; it imports nobody above it."""
