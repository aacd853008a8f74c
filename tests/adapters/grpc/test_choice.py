import pytest

from monitor.adapters.grpc.choice import FACTORIES, Choice, choose, self_test
from monitor.adapters.grpc.settings import Reader


def test_the_installed_grpcio_passes_with_every_reader(reader: Reader) -> None:
    assert self_test(reader) is None


def test_auto_takes_the_segregated_reader_here() -> None:
    assert choose(Reader.AUTO) == Choice(Reader.SEGREGATED, "passed its test")


@pytest.mark.parametrize(
    ("failing", "chosen"),
    [
        ({Reader.SEGREGATED}, Reader.SINGLE_THREADED),
        ({Reader.SEGREGATED, Reader.SINGLE_THREADED}, Reader.PLAIN),
    ],
)
def test_auto_falls_back_in_order_and_says_why(failing: set[Reader], chosen: Reader) -> None:
    choice = choose(Reader.AUTO, lambda each: "broken" if each in failing else None)
    assert choice.reader is chosen
    for each in failing:
        assert f"{each} failed its test: broken" in choice.reason


def test_configured_reader_is_not_tested(reader: Reader) -> None:
    choice = choose(reader, lambda _: "broken")
    assert choice == Choice(reader, "set in the configuration")
    assert choice.open_call is FACTORIES[reader]
    assert choice.single_threaded is (reader is Reader.SINGLE_THREADED)
