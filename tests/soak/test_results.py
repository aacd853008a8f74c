"""The table of soaks grows by a line a run."""

from pathlib import Path

from tests.soak.results import append


def test_a_new_file_begins_with_a_heading_and_lines_follow(tmp_path: Path) -> None:
    file = tmp_path / "RESULTS.md"
    append("regions", 7, "2 rounds", "held", 12.4, file)
    append("guards", None, "3 guards", "a | b", 60.0, file)
    lines = file.read_text().splitlines()
    assert lines[0] == "# Soaks"
    first, second = ([cell.strip() for cell in line.split("|")[3:-1]] for line in lines[-2:])
    assert first == ["regions", "7", "2 rounds", "held", "12"]
    assert second == ["guards", "", "3 guards", "a / b", "60"]
