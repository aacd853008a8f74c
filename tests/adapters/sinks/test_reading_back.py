"""Reading a file of records back: ids, monitors and slots of whole lines, from a place on."""

from pathlib import Path

from monitor.adapters.sinks.reading_back import Place, written_in
from tests.adapters.sinks.records import line

BITS = {"a": 1, "b": 2, 'odd"],"slot":7,': 4}
PLACE = Place("/srv/events.jsonl", 17, 4711, 1024)


def test_a_place_is_the_same_after_being_kept_as_text() -> None:
    assert Place.parse(PLACE.text()) == PLACE


def test_a_text_that_is_no_place_gives_none() -> None:
    assert [Place.parse(text) for text in ("", "{", "[]", "{}", '{"path":"x"}')] == [None] * 5


def test_ids_are_kept_by_slot_with_the_monitors_of_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "e"
    file.write_bytes(
        line("5:entry:0", 5, "a") + line("5:entry:1", 5, "a", "b") + line("6:x", 6, "b")
    )
    assert written_in([(file, 0)], BITS) == {5: {b"5:entry:0": 1, b"5:entry:1": 3}, 6: {b"6:x": 2}}


def test_lines_of_one_id_for_different_monitors_add_up(tmp_path: Path) -> None:
    file = tmp_path / "e"
    file.write_bytes(line("5:x", 5, "a") + line("5:x", 5, "b"))
    assert written_in([(file, 0)], BITS) == {5: {b"5:x": 3}}


def test_monitors_that_are_no_more_do_not_count(tmp_path: Path) -> None:
    file = tmp_path / "e"
    file.write_bytes(line("5:x", 5, "gone") + line("5:y", 5, "gone", "a"))
    assert written_in([(file, 0)], BITS) == {5: {b"5:y": 1}}


def test_a_name_may_look_like_what_follows_names(tmp_path: Path) -> None:
    file = tmp_path / "e"
    file.write_bytes(line("5:x", 5, 'odd"],"slot":7,', "b"))
    assert written_in([(file, 0)], BITS) == {5: {b"5:x": 6}}


def test_reads_files_in_turn_each_from_its_offset(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    skipped = line("5:skipped", 5, "a")
    first.write_bytes(skipped + line("5:x", 5, "a"))
    second.write_bytes(line("6:y", 6, "a"))
    found = written_in([(first, len(skipped)), (tmp_path / "gone", 9), (second, 0)], BITS)
    assert found == {5: {b"5:x": 1}, 6: {b"6:y": 1}}


def test_torn_and_foreign_lines_give_nothing(tmp_path: Path) -> None:
    file = tmp_path / "e"
    file.write_bytes(b"\0\0\n{}\n" + line("5:x", 5, "a")[3:] + line("5:y", 5, "a")[:-1])
    assert written_in([(file, 0)], BITS) == {}
