"""Clean events as DataFrames: the rows of Millrace's decoder, whichever way Spark divides the topic."""

import json
import re

import pyarrow as pa
import pytest

from tests.support.kafka import SIMULATED, KafkaShop
from tests.support.paths import ROOT


@pytest.fixture(scope="module")
def shop(tmp_path_factory, kafka):
    shop = KafkaShop(tmp_path_factory.mktemp("events"), kafka)
    shop.run("produce", *SIMULATED)
    return shop


def frame(reader, shop, **options):
    given = {"kafka.bootstrap.servers": shop.kafka.address, "subscribe": shop.topic, **options}
    return reader.format("millrace").options(**given)


def decoded(shop):
    """(clean rows, refused rows) of the topic, by the package itself."""
    import millrace

    log = millrace.Log(f"kafka://{shop.kafka.address}/{shop.topic}")
    decoder = millrace.Decoder(topic=log.topic, epoch=log.epoch)
    parts = [decoder.decode(log.read(p, start, end)) for p, (start, end) in log.offsets().items()]
    return tuple(pa.concat_tables([pa.table(part[i]) for part in parts]) for i in (0, 1))


def comparable(rows):
    return sorted((row["partition"], row["offset"], row["record_index"], row["event_id"], row["price"]) for row in rows)


def test_a_batch_has_the_decoders_rows(spark, shop):
    silver, _ = decoded(shop)
    rows = frame(spark.read, shop, maxRecordsPerPartition="700").load()
    assert rows.columns == silver.column_names
    found = pa.Table.from_batches(rows.toArrow().to_batches())
    assert comparable(found.to_pylist()) == comparable(silver.to_pylist())
    assert rows.select("event_timestamp", "order_total", "is_bot").dtypes == [
        ("event_timestamp", "timestamp"),
        ("order_total", "decimal(38,4)"),
        ("is_bot", "boolean"),
    ]


def test_refused_items_come_with_their_rule(spark, shop):
    silver, quarantine = decoded(shop)
    rows = frame(spark.read, shop, includeQuarantine="true").load().cache()
    assert rows.where("rule is null").count() == len(silver)
    refused = rows.where("rule is not null").select("partition", "offset", "rule", "value", "event_id").toArrow()
    assert refused["event_id"].null_count == len(refused) == len(quarantine)
    assert sorted(map(str, refused["rule"].to_pylist())) == sorted(map(str, quarantine["rule"].to_pylist()))
    assert sorted(refused["value"].to_pylist(), key=str) == sorted(quarantine["value"].to_pylist(), key=str)


def test_the_rules_of_a_shop_are_options(spark, shop):
    rows = frame(spark.read, shop, includeQuarantine="true", earliest="2100-01-01T00:00:00+01:00", future="1h").load()
    assert {row["rule"] for row in rows.select("rule").distinct().collect()} & {None} == set()


def test_offsets_bound_a_batch(spark, shop):
    bounds = {"startingOffsets": json.dumps({shop.topic: {"0": 100, "1": -2, "2": -1}})}
    bounds["endingOffsets"] = json.dumps({shop.topic: {"0": 200, "1": 50, "2": -1}})
    rows = frame(spark.read, shop, includeQuarantine="true", **bounds).load().select("partition", "offset").toArrow()
    assert {(row["partition"], row["offset"]) for row in rows.to_pylist()} == {
        *((0, offset) for offset in range(100, 200)),
        *((1, offset) for offset in range(50)),
    }


def test_a_stream_has_each_record_once_and_continues_from_its_checkpoint(spark, shop, tmp_path):
    silver, _ = decoded(shop)

    def run():
        stream = frame(spark.readStream, shop, startingOffsets="earliest", maxOffsetsPerTrigger="1700").load()
        query = (
            stream.writeStream.format("parquet")
            .option("path", str(tmp_path / "table"))
            .option("checkpointLocation", str(tmp_path / "checkpoint"))
            .trigger(availableNow=True)
            .start()
        )
        query.awaitTermination()
        return [progress["numInputRows"] for progress in query.recentProgress]

    batches = run()
    assert len(batches) == 3
    assert sum(run()) == 0, "all is in the table"
    found = spark.read.parquet(str(tmp_path / "table")).toArrow()
    assert comparable(found.to_pylist()) == comparable(silver.to_pylist())


def test_wrong_options_are_named(spark, shop):
    with pytest.raises(Exception, match=r"kafka\.bootstrap\.servers"):
        spark.read.format("millrace").load()
    with pytest.raises(Exception, match="there is no format nothing"):
        frame(spark.read, shop, messageFormat="nothing").load().count()
    with pytest.raises(Exception, match="yesterday is not a time with a zone"):
        frame(spark.read, shop, earliest="yesterday").load()
    with pytest.raises(Exception, match="is no set of offsets"):
        frame(spark.read, shop, startingOffsets="yesterday").load().count()


def test_the_example_of_the_docs_reads_the_topic(spark, shop):
    block = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "spark.md").read_text(), re.S)[1]
    names = {}
    exec(block, names)
    assert names["clean_events"](spark, shop.kafka.address, shop.topic).count() == len(decoded(shop)[0])
