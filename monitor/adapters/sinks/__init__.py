"""Sinks: where events go. One kind a file; the YAML `kind:` is the module's name."""
