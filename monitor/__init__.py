"""chain-monitor: several regional Yellowstone streams joined into one provably complete stream."""

__version__ = "0.1.0"
