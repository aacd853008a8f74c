"""Where missing blocks and account states are had from, beside the streams."""
