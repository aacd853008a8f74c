"""The condition that channels of segregated calls get in the place of Python's own."""

import threading

import grpc
from grpc._cython import cygrpc  # type: ignore[attr-defined]

from monitor.adapters.grpc.conditions import QuickCondition, quick_conditions


def test_only_what_is_opened_in_the_block_gets_it() -> None:
    before = cygrpc.threading
    with quick_conditions():
        assert cygrpc.threading.Condition is QuickCondition
        assert cygrpc.threading.Thread is threading.Thread
    assert cygrpc.threading is before


def test_it_excludes_others_and_lets_its_holder_in_again() -> None:
    condition = QuickCondition()
    tried: list[bool] = []
    with condition, condition:
        condition.notify_all()
        other = threading.Thread(target=lambda: tried.append(condition.acquire(blocking=False)))
        other.start()
        other.join()
    assert tried == [False]
    assert condition.acquire(blocking=False)


def test_waiting_lets_another_in() -> None:
    condition = QuickCondition()
    done: list[int] = []

    def act() -> None:
        with condition:
            done.append(1)
            condition.notify_all()

    with condition:
        other = threading.Thread(target=act)
        other.start()
        while not done:
            condition.wait()
    other.join()
    assert done == [1]


def test_a_channel_with_it_closes_over_a_running_call() -> None:
    with quick_conditions():
        channel = grpc.insecure_channel("127.0.0.1:1")
    ask: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/nobody/Answers")
    call = ask.future(b"")
    channel.close()
    assert call.done()
