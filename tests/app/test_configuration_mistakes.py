from pathlib import Path

from monitor.app.configuration_mistakes import Mistake, path_of, refuse


def test_paths_read_as_users_write_them() -> None:
    assert path_of(("endpoints", 0, "url")) == "endpoints[0].url"
    assert path_of(("profile",)) == "profile"
    assert path_of(()) == "(document)"


def test_mistakes_are_told_once_and_by_line() -> None:
    late = Mistake(12, "a", "is wrong", "mend it")
    early = Mistake(2, "b", "is wrong", "mend it")

    assert str(refuse(Path("c.yaml"), [late, early, late])).splitlines() == [
        "c.yaml:2: b: is wrong; mend it",
        "c.yaml:12: a: is wrong; mend it",
    ]


def test_a_mistake_is_one_line_whatever_the_key() -> None:
    mistake = Mistake(2, "a\r\n\x1b[31mé", "is wrong", "mend it")

    assert (
        mistake.told(Path("c.yaml")) == "c.yaml:2: a\\u000d\\u000a\\u001b[31mé: is wrong; mend it"
    )
