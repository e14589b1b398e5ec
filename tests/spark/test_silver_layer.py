"""The silver stage inside Spark makes the table that the embedded stage makes, once, whatever is killed."""

import contextlib
import itertools
import json
import os
import random
import shutil
import signal
import time

import pytest

from tests.support import delta
from tests.support.kafka import SIMULATED, KafkaShop, accounts, rows_of
from tests.support.shop import wait_until
from tests.support.spark import SilverJob

ROUNDS = int(os.environ.get("MILLRACE_SPARK_ROUNDS", "5"))


@pytest.fixture
def shop(tmp_path, kafka):
    shop = KafkaShop(tmp_path / "spark-shop", kafka)
    shop.run("topic", "create", "--partitions", "3")
    return shop


def beside(shop, tmp_path):
    """Another shop of the same topic, which the embedded stage processes."""
    other = KafkaShop(tmp_path / "embedded-shop", shop.kafka)
    other.topic = shop.topic
    other.drain()
    return other


def equals_embedded(shop, tmp_path):
    """Verifies the table, and compares it row for row with what the embedded stage makes of the topic."""
    other = beside(shop, tmp_path)
    assert accounts(shop.verify()) == accounts(other.verify())
    assert rows_of(shop).equals(rows_of(other))
    assert refused(shop) == refused(other)
    shutil.rmtree(other.data)


def refused(shop):
    """Each refused item: partition, offset, place in the record, rule and field."""
    columns = ("partition", "offset", "record_index", "rule", "field", "format")
    rows = delta.rows(delta.open_table(shop.data / "quarantine")).to_pylist()
    return sorted(tuple(str(row[name]) for name in columns) for row in rows)


def segment_calls(count):
    """Calls as Segment's libraries send them, some of them twice, of several products, broken or no events."""
    dice = random.Random(7)
    for number in range(count):
        call = {
            "type": "track",
            "event": "Product Viewed",
            "messageId": f"m{number}",
            "userId": f"u{dice.randrange(50)}",
            "timestamp": f"2019-10-01T{number // 60 % 24:02}:{number % 60:02}:00.000Z",
            "properties": {"product_id": f"p{dice.randrange(20)}", "price": 5.25, "currency": "EUR"},
        }
        if number % 7 == 0:
            call["event"] = "Order Completed"
            call["properties"] = {
                "order_id": f"o{number}",
                "currency": "EUR",
                "products": [{"product_id": f"p{item}", "price": 3, "quantity": item + 1} for item in range(3)],
            }
        if number % 11 == 0:
            call = {"type": "group", "messageId": f"g{number}", "groupId": "g", "userId": "u"}
        text = json.dumps(call)
        yield call.get("userId"), text[:-9] if number % 13 == 0 else text
        if number % 5 == 0:
            yield call.get("userId"), text


def test_the_rows_are_those_of_the_embedded_stage(shop, cluster, tmp_path):
    shop.run("produce", *SIMULATED)
    producer = shop.producer()
    for user, text in segment_calls(600):
        producer.produce(shop.topic, text.encode(), key=user.encode())
    producer.flush(30)
    job = SilverJob(cluster, shop, "--max-records", "2000", "--task-records", "500").run()
    batches = [json.loads(line) for line in (shop.data / "progress" / "silver.jsonl").read_text().splitlines()]
    assert len(batches) == 3, "at most so many records come into a batch"
    assert all(batch["received"] <= 2003 for batch in batches)
    assert job.log.read_text().count("silver: batch") == 3
    equals_embedded(shop, tmp_path)


def test_a_lost_table_is_made_again_with_the_old_checkpoint(shop, cluster, tmp_path):
    shop.run("produce", *SIMULATED)
    SilverJob(cluster, shop).run()
    for table in ("silver", "quarantine"):
        shutil.rmtree(shop.data / table)
    SilverJob(cluster, shop).run()
    equals_embedded(shop, tmp_path)


def test_spark_shows_the_job_and_its_rates(shop, cluster, history):
    shop.run("produce", *SIMULATED)
    job = SilverJob(cluster, shop, "--trigger", "1s", options=history.conf()).start()
    job.wait_until(lambda: job.get("applications"))
    (application,) = job.get("applications")
    assert application["name"] == "EcomSilverLayer"
    path = f"applications/{application['id']}"
    job.wait_until(lambda: shop.data.joinpath("progress", "silver.jsonl").exists() and lag(shop) == 0)
    (executor,) = [each for each in job.get(f"{path}/executors") if each["id"] != "driver"]
    assert executor["totalCores"] == 2
    (running,) = [each for each in cluster.master.state()["activeapps"] if each["name"] == "EcomSilverLayer"]
    assert running["memoryperexecutor"] == 512
    job.wait_until(lambda: job.get(f"{path}/jobs"))
    # One narrow row of the stream for each record.
    rows = sum(stage["inputRecords"] for stage in job.get(f"{path}/stages") if stage["status"] == "COMPLETE")
    assert rows in (0, 5000), "Spark counts rows of Python sources in the query's progress only"
    job.stop()
    assert '"numInputRows" : 5000' in job.log.read_text()
    wait_until(lambda: history_of(history, application["id"]), seconds=60)
    assert history_of(history, application["id"])["attempts"][-1]["completed"]
    shop.verify()


def history_of(history, application):
    """What the history server knows of an application, or None."""
    known = json.loads(history.get("/api/v1/applications") or "[]")
    return next((each for each in known if each["id"] == application), None)


def lag(shop):
    return sum(partition["lag"] for partition in shop.json("group", "describe")["partitions"])


def disturbances(job, cluster):
    """What happens to a job that runs, by name."""

    def kill_executors():
        for pid in cluster.executors():
            os.kill(pid, signal.SIGKILL)

    def kill_python():
        """A worker in Python dies with its tasks, which Spark retries in another."""
        workers = cluster.python_workers()
        assert workers
        for pid in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill_driver():
        job.kill()
        job.start()

    def lose_checkpoint():
        job.kill(forget_checkpoint=True)
        job.start()

    return [kill_executors, kill_python, kill_driver, cluster.restart_worker, lose_checkpoint]


def test_nothing_is_lost_or_doubled_whatever_is_killed(shop, cluster, tmp_path):
    dice = random.Random(ROUNDS)
    source = shop.start(
        "produce", "--rate", "1500", "--duration", "1h", "--duplicates", "3%", "--invalid", "2%", "--seed", "3"
    )
    job = SilverJob(cluster, shop, "--trigger", "1s", "--task-records", "2000").start()
    kinds = itertools.cycle(disturbances(job, cluster))
    for _ in range(ROUNDS):
        before = versions(shop)
        job.wait_until(lambda before=before: versions(shop) > before + 1)
        time.sleep(dice.uniform(0, 2))  # any moment of a batch
        next(kinds)()
    before = versions(shop)
    job.wait_until(lambda: versions(shop) > before)
    source.send_signal(signal.SIGINT)
    source.wait(30)
    job.wait_until(lambda: lag(shop) == 0)
    job.stop()
    equals_embedded(shop, tmp_path)


def versions(shop):
    """The number of commits of the silver table."""
    return len(list((shop.data / "silver" / "_delta_log").glob("*.json")))


def test_the_job_and_a_worker_take_over_from_one_another(shop, cluster, tmp_path):
    source = shop.start("produce", "--rate", "1500", "--duration", "1h", "--duplicates", "3%", "--seed", "5")
    worker = shop.start("silver", "--trigger", "500ms")
    wait_until(lambda: versions(shop) > 3, seconds=60)
    # Both run for a while: each gives up what the other has committed first.
    job = SilverJob(cluster, shop, "--trigger", "1s").start()
    job.wait_until(lambda: "silver: batch" in job.log.read_text())
    worker.send_signal(signal.SIGINT)
    worker.wait(30)
    before = versions(shop)
    job.wait_until(lambda: versions(shop) > before + 2)
    worker = shop.start("silver", "--trigger", "500ms")
    before = versions(shop)
    wait_until(lambda: versions(shop) > before + 3, seconds=60)
    job.stop()
    source.send_signal(signal.SIGINT)
    source.wait(30)
    wait_until(lambda: lag(shop) == 0, seconds=60)
    worker.send_signal(signal.SIGINT)
    worker.wait(30)
    equals_embedded(shop, tmp_path)
