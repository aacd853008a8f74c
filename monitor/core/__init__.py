"""Decides everything. No I/O, no clock, no randomness, no logging, no protobuf."""
