"""Deciding: pure. No I/O, no clock, no randomness; time is an argument."""
