"""Topics of the embedded log are created, listed, read and deleted."""

import json
import time


def test_topics_are_made_listed_read_and_deleted(shop):
    shop.run("topic", "create", "orders", "--partitions", "2", "--compression", "zstd")
    shop.run("topic", "create", "orders", code=2)
    shop.run("topic", "write", "orders", "--key-separator", ":", input=b"a:1\nb:2\na:3\n")
    assert sorted(shop.run("topic", "read", "orders", "--key-separator", ":").split()) == ["a:1", "a:3", "b:2"]
    records = [json.loads(r) for r in shop.run("topic", "read", "orders", "--json").splitlines()]
    assert {r["key"] for r in records} == {"a", "b"}
    assert shop.json("topic", "list")["topics"][0]["records"] == 3
    future = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
    assert shop.run("topic", "read", "orders", "--from-time", future) == ""
    shop.run("topic", "delete", "orders")
    assert shop.json("topic", "list")["topics"] == []
