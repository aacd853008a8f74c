"""Sockets, files, gRPC, HTTP, metrics: one family a folder, one kind a file."""
