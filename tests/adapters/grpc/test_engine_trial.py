import pytest

from monitor.adapters.grpc.choice import Choice
from monitor.adapters.grpc.engine_trial import verdict
from monitor.adapters.grpc.settings import Reader


def test_fastest_reader_passes_in_silence(capsys: pytest.CaptureFixture[str]) -> None:
    assert verdict(Choice(Reader.SEGREGATED, "passed its test")) == 0
    assert capsys.readouterr().out == ""


def test_any_other_reader_fails_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert verdict(Choice(Reader.PLAIN, "segregated failed its test: no frame came")) == 1
    assert capsys.readouterr().out == "segregated failed its test: no frame came\n"
