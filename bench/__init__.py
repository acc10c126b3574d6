"""Measurements: ratios in one run against a named peer, and times of this machine. `make bench` runs them all."""
