"""What the README says to alarm on: expressions that Prometheus can read, of metrics that there are."""

import re
import subprocess
from pathlib import Path

from monitor.adapters.metrics.exposition import Exposition
from monitor.adapters.metrics.snapshot import Snapshot
from tests.adapters.metrics.recoveries import BUSY, RPCS
from tests.adapters.metrics.test_exposition import FULL, promtool

README = Path(__file__).resolve().parents[3] / "README.md"
METRIC = re.compile(r"chain_monitor_[a-z_]+")


def expressions() -> list[str]:
    """The code in the first column of the table."""
    _, _, section = README.read_text(encoding="utf-8").partition("### What to alarm on\n")
    rows = section.partition("\n#")[0].splitlines()
    first_cells = (re.split(r"(?<!\\)\|", row)[1] for row in rows if row.startswith("| "))
    spans = (span for cell in first_cells for span in re.findall(r"`([^`]+)`", cell))
    return [span for span in spans if not span.startswith("/")]


def test_every_expression_can_be_read_by_prometheus(tmp_path: Path) -> None:
    rules = "".join(
        f"  - alert: Row{number}\n    expr: >-\n      {expression}\n"
        for number, expression in enumerate(expressions())
    )
    file = tmp_path / "rules.yml"
    file.write_text("groups:\n- name: readme\n  rules:\n" + rules)
    checked = subprocess.run(
        [promtool(), "check", "rules", str(file)], capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"{len(expressions())} rules found" in checked.stdout


def test_every_metric_of_the_readme_is_one_that_there_is() -> None:
    text = Exposition(Snapshot, "1.2.3").text() + Exposition(lambda: FULL, "1.2.3").text()
    text += Exposition(lambda: Snapshot(recovery=BUSY, rpcs=RPCS), "1.2.3").text()
    there = set(METRIC.findall(text.decode()))
    named = {name for expression in expressions() for name in METRIC.findall(expression)}

    assert len(named) >= 12
    assert named - there == set()
