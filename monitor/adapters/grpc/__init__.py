"""Streams to Yellowstone endpoints over grpcio: the only code of the daemon that imports it."""
