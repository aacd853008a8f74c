import gzip
import zlib

import orjson
import pytest

from monitor.simulator.rpc_blocks import BlockForm, VersionTooNew, block_json
from monitor.simulator.rpc_bodies import USUAL_FORM, BlockBodies, body_of
from tests.simulator.chains import canonical_banks

RESULT = {"blockhash": "x" * 100, "transactions": [1, 2, 3]}


@pytest.mark.parametrize("call_id", [1, "one", None, {"a": [1]}])
def test_a_body_is_one_answer_under_any_id(call_id: object) -> None:
    body = body_of(RESULT)

    answer = orjson.loads(body.plain(call_id))

    assert answer == {"jsonrpc": "2.0", "result": RESULT, "id": call_id}
    assert body.result() == RESULT


def test_the_gzip_form_is_one_whole_member_that_any_reader_takes() -> None:
    body = body_of(RESULT)
    reader = zlib.decompressobj(zlib.MAX_WBITS | 16)

    read = reader.decompress(body.gzipped(7))

    assert (reader.eof, reader.unused_data) == (True, b"")
    assert read == gzip.decompress(body.gzipped(7)) == body.plain(7)


def test_a_block_is_told_as_it_always_was() -> None:
    bank = canonical_banks()[3]

    body = BlockBodies(4).get(bank, USUAL_FORM)

    assert body.result() == block_json(bank, USUAL_FORM)


def test_a_block_is_made_once_while_it_is_kept() -> None:
    first, second, third = canonical_banks()[:3]
    bodies = BlockBodies(2)
    made = bodies.get(first, USUAL_FORM)
    bodies.get(second, USUAL_FORM)

    assert bodies.get(first, USUAL_FORM) is made
    bodies.get(third, USUAL_FORM)
    assert bodies.get(first, USUAL_FORM) is made
    of_second = bodies.get(second, USUAL_FORM)
    bodies.get(third, USUAL_FORM)
    assert bodies.get(second, USUAL_FORM) is of_second
    assert bodies.get(first, USUAL_FORM) is not made


def test_forms_are_kept_apart() -> None:
    bank = canonical_banks()[0]
    bodies = BlockBodies(4)
    short = BlockForm("base64", "signatures", rewards=False, max_version=1)

    assert "transactions" in bodies.get(bank, USUAL_FORM).result()
    assert "signatures" in bodies.get(bank, short).result()


def test_a_version_that_the_client_lacks_is_refused_as_without_a_store() -> None:
    bodies = BlockBodies(4)

    with pytest.raises(VersionTooNew):
        for bank in canonical_banks():
            bodies.get(bank, BlockForm("base64"))
