"""What an operator may ask for goes by the words of the commands."""

from monitor.core.wishes import Want


def test_wants_are_the_words_of_commands() -> None:
    assert [str(want) for want in Want] == ["drain", "promote", "release", "probe"]
