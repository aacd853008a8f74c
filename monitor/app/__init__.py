"""Composition root: command line, configuration, wiring, life cycle."""
