"""The log: JSON lines for machines, readable ones for a terminal."""
