"""Owns every task and queue; performs what the core asks for; knows no socket."""
