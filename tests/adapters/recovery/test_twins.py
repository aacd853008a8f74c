"""A block that comes twice in the same bytes is mapped once, and what is kept for that is bounded."""

from monitor.adapters.recovery.twins import Answer, Twins


class Mapping:
    """Counts what it is asked."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def __call__(self, body: bytes) -> Answer:
        self.bodies.append(body)
        return 0, b"rows of " + body


def test_the_same_bytes_get_the_same_answer_without_being_read() -> None:
    twins, mapping = Twins(), Mapping()
    first = twins.answer(7, b"block", mapping)
    assert twins.answer(7, b"block", mapping) == first == (0, b"rows of block")
    assert mapping.bodies == [b"block"]


def test_bodies_that_differ_are_each_read() -> None:
    twins, mapping = Twins(), Mapping()
    twins.answer(7, b"block", mapping)
    assert twins.answer(7, b"blocK", mapping) == (0, b"rows of blocK")
    assert mapping.bodies == [b"block", b"blocK"]


def test_the_same_bytes_for_another_slot_are_read() -> None:
    twins, mapping = Twins(), Mapping()
    twins.answer(7, b"block", mapping)
    twins.answer(8, b"block", mapping)
    assert mapping.bodies == [b"block", b"block"]


def test_an_answer_is_given_again_once() -> None:
    twins, mapping = Twins(), Mapping()
    for _ in range(3):
        twins.answer(7, b"block", mapping)
    assert mapping.bodies == [b"block", b"block"]


def test_the_oldest_are_forgotten_when_there_are_too_many_bytes() -> None:
    twins, mapping = Twins(most_bytes=2 * len(b"block" + b"rows of block")), Mapping()
    for slot in (7, 8, 9):
        twins.answer(slot, b"block", mapping)
    mapping.bodies.clear()
    twins.answer(9, b"block", mapping)
    twins.answer(8, b"block", mapping)
    assert mapping.bodies == []
    twins.answer(7, b"block", mapping)
    assert mapping.bodies == [b"block"]


def test_what_is_given_again_makes_room() -> None:
    twins, mapping = Twins(most_bytes=2 * len(b"block" + b"rows of block")), Mapping()
    for slot in (7, 7, 8, 9):
        twins.answer(slot, b"block", mapping)
    mapping.bodies.clear()
    twins.answer(8, b"block", mapping)
    twins.answer(9, b"block", mapping)
    assert mapping.bodies == []


def test_one_that_is_too_large_is_not_kept() -> None:
    twins, mapping = Twins(most_bytes=5), Mapping()
    twins.answer(7, b"block", mapping)
    twins.answer(7, b"block", mapping)
    assert mapping.bodies == [b"block", b"block"]
