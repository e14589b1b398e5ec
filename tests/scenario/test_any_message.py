"""Whatever the bytes of a message are: it ends as rows of Silver, duplicates, rows of the quarantine or ignored items,
and the log gives its bytes back."""

import random

from tests.support import delta, hostile
from tests.support.kafka import KafkaShop

COUNT = 1500
PATHS = {
    "native": ["/v1/events"],
    "segment": ["/v1/track", "/v1/batch", "/v1/identify"],
    "ga4": ["/mp/collect"],
}


def check_all_are_accounted_for(shop, sent):
    """`sent` are the values of all records in the log."""
    shop.drain()
    report = shop.verify()
    assert any(check["name"].startswith("accounting") for check in report["checks"])
    refused = delta.rows(shop.data / "quarantine", ["value", "partition", "offset", "record_index"]).to_pylist()
    assert all((row["value"] or b"") in sent for row in refused)
    places = [(row["partition"], row["offset"], row["record_index"]) for row in refused]
    assert len(places) == len(set(places)) > 0
    assert shop.count("silver") > 0
    shop.drain()  # and again: nothing is added
    assert shop.verify() == report


def test_any_bytes_are_accounted_for_and_come_back_from_the_embedded_log(shop, port):
    rng = random.Random(18)
    server = port()
    accepted = []
    for name, message in hostile.messages(rng, COUNT):
        if name not in PATHS:
            continue
        path = rng.choice(PATHS[name])
        body = b'{"batch":[' + message + b"]}" if path == "/v1/batch" else message
        status, answer, _ = server.post(body, path=path)
        assert status in (200, 202, 204, 400, 413), (status, answer, body)
        if status < 400:
            accepted.append(body)
        else:
            assert answer["detail"], answer
    assert server.stop()[0] == 0
    kept = shop.values()
    assert len(accepted) > COUNT / 5
    # A body is cut into messages, which are not changed.
    assert all(any(value in body for body in accepted) for value in kept)
    check_all_are_accounted_for(shop, set(kept))


def test_any_bytes_are_accounted_for_and_come_back_from_kafka(tmp_path, kafka):
    shop = KafkaShop(tmp_path / "data", kafka)
    shop.run("topic", "create", "--partitions", "2")
    rng = random.Random(81)
    producer = shop.producer()
    sent = []
    for name, message in hostile.messages(rng, COUNT):
        headers = [("millrace-format", name.encode())] if rng.random() < 0.8 else []
        if rng.random() < 0.1:
            headers.append(("millrace-format", rng.randbytes(4)))
        key = rng.choice([None, b"", b"u1", b"\xff\x00"])
        producer.produce(shop.topic, key=key, value=message, headers=headers, timestamp=rng.choice([0, 1772359200000]))
        sent.append(message)
    assert producer.flush(60) == 0
    check_all_are_accounted_for(shop, set(sent))
    assert sorted(shop.values()) == sorted(sent)
