"""Stores: what the daemon remembers over restarts."""
