"""A Yellowstone and JSON-RPC cluster that makes its own chain; ships for demos, drills and tests."""
