"""What a simulated server answers instead of a stream or a response."""


class Refused(Exception):
    """A gRPC status other than OK: its code's name, and its message as a client reads it."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
