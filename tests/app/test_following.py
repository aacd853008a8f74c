"""Event files as a reader follows them."""

import threading
from pathlib import Path

import pytest

from monitor.adapters.clock import SystemClock
from monitor.app import following as followed
from monitor.app.following import FollowedFile, following


def line(number: int, commitment: str = "confirmed") -> str:
    return f'{{"id":"{number}:slot:x","commitment":"{commitment}"}}\n'


def append(path: Path, *lines: str) -> None:
    with path.open("a") as file:
        file.write("".join(lines))


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """A file with one line in it."""
    path = tmp_path / "events.jsonl"
    append(path, line(1))
    return path


def test_the_longest_time_without_a_line_is_the_pause(events: Path) -> None:
    file = FollowedFile(events, 10.0)
    for number, now in ((2, 10.5), (3, 12.0), (4, 12.25)):
        append(events, line(number))
        file.look(now)
    assert file.seen(12.5).pause == 1.5
    file.close()


def test_a_pause_that_lasts_counts_and_belongs_to_where_it_ends_too(events: Path) -> None:
    file = FollowedFile(events, 10.0)
    assert file.seen(13.0).pause == 3.0
    append(events, line(2))
    file.look(14.0)
    assert file.seen(14.0).pause == 4.0
    file.look(15.0)
    assert file.seen(16.0).pause == 2.0
    file.close()


def test_lines_that_come_again_are_repeats_but_at_another_level(events: Path) -> None:
    file = FollowedFile(events, 0.0)
    append(events, line(2), line(3), line(2), line(2, "finalized"))
    file.look(1.0)
    seen = file.seen(1.0)
    assert (seen.records, seen.repeats) == (4, 1)
    append(events, line(3))
    file.look(2.0)
    seen = file.seen(2.0)
    assert (seen.records, seen.repeats) == (1, 1)
    file.close()


def test_what_was_there_before_is_not_read(events: Path) -> None:
    file = FollowedFile(events, 0.0)
    file.look(1.0)
    seen = file.seen(1.0)
    assert (seen.records, seen.pause) == (0, 1.0)
    file.close()


def test_a_line_that_comes_in_two_parts_is_one(events: Path) -> None:
    file = FollowedFile(events, 0.0)
    whole = line(2)
    append(events, whole[:9])
    file.look(1.0)
    append(events, whole[9:])
    file.look(2.0)
    assert file.seen(2.0).records == 1
    file.close()


def test_the_rest_of_a_line_that_had_begun_is_no_record(events: Path) -> None:
    append(events, line(2)[:9])
    file = FollowedFile(events, 0.0)
    append(events, line(2)[9:], line(3))
    file.look(1.0)
    assert file.seen(1.0).records == 1
    file.close()


def test_a_file_that_is_rotated_is_read_to_its_end_and_the_next_one_from_its_beginning(
    events: Path,
) -> None:
    file = FollowedFile(events, 0.0)
    append(events, line(2))
    file.look(1.0)
    append(events, line(3))
    events.rename(events.with_name("events.000001.jsonl"))
    file.look(2.0)
    append(events, line(3), line(4))
    file.look(3.0)
    seen = file.seen(3.0)
    assert (seen.records, seen.repeats, seen.pause) == (4, 1, 1.0)
    file.close()


def test_lines_written_between_the_last_look_and_a_rotation_are_read(
    events: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = FollowedFile(events, 0.0)
    look_for_another = file._read_next

    def rotated_meanwhile() -> int:
        append(events, line(2))
        events.rename(events.with_name("events.000001.jsonl"))
        append(events, line(3))
        return look_for_another()

    monkeypatch.setattr(file, "_read_next", rotated_meanwhile)
    file.look(1.0)
    assert file.seen(1.0).records == 2
    file.close()


def test_a_file_that_comes_later_is_read_from_its_beginning(tmp_path: Path) -> None:
    file = FollowedFile(tmp_path / "events.jsonl", 0.0)
    file.look(1.0)
    append(tmp_path / "events.jsonl", line(1))
    file.look(2.0)
    assert file.seen(2.0).records == 1
    file.close()
    file.close()


def test_only_the_newest_events_are_compared_with(
    events: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followed, "REMEMBERED", 2)
    file = FollowedFile(events, 0.0)
    append(events, line(2), line(3), line(4), line(2), line(4))
    file.look(1.0)
    assert file.seen(1.0).repeats == 1
    file.close()


@pytest.mark.real_time
def test_files_are_followed_while_the_block_runs(events: Path) -> None:
    with following([events], SystemClock()) as files:
        append(events, line(2))
        (seen,) = files.seen()
        while not seen.records:
            (seen,) = files.seen()
        assert (seen.file, seen.records) == (events, 1)
    assert "following" not in [thread.name for thread in threading.enumerate()]
