"""The silver table by Spark Structured Streaming, as a Spark user would write it.

It reads Kafka, cleans the events by from_json, filters and dropDuplicates, and writes Parquet by event_date and event_type
with a checkpoint. The benchmarks measure it, and a test compares its rows with Millrace's.

    spark_silver.py --servers HOST:PORT --topic T --output DIR --checkpoint DIR [--plain] [--trigger 0|SECONDS]

It processes the whole topic and stops; with --trigger it follows the topic. Without --plain it is tuned for two cores: few
shuffle partitions, RocksDB state, shuffles that are not compressed.
"""

import argparse
import json
import pathlib

from pyspark.sql import SparkSession
from pyspark.sql import functions as f
from pyspark.sql.types import DoubleType, IntegerType, StringType, StructField, StructType

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

EVENT = StructType(
    [
        StructField(name, kind)
        for name, kind in (
            ("event_id", StringType()),
            ("user_id", StringType()),
            ("event_type", StringType()),
            ("timestamp", StringType()),
            ("product_id", StringType()),
            ("price", DoubleType()),
            ("session_id", StringType()),
            ("product_category", StringType()),
            ("device_type", StringType()),
            ("page_url", StringType()),
            ("quantity", IntegerType()),
            ("order_id", StringType()),
            ("currency", StringType()),
        )
    ]
)
KNOWN = ("view", "add_to_cart", "purchase", "refund")


def session(plain):
    jars = ",".join(str(path) for path in (ROOT / "build/jars/spark-kafka").glob("*.jar"))
    builder = (
        SparkSession.builder.master("local[2]")
        .appName("silver")
        .config("spark.jars", jars)
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.driver.memory", "3g")
    )
    if not plain:
        builder = (
            builder.config("spark.sql.shuffle.partitions", "2")
            .config(
                "spark.sql.streaming.stateStore.providerClass",
                "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider",
            )
            .config("spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled", "true")
            .config("spark.shuffle.compress", "false")
            .config("spark.shuffle.spill.compress", "false")
            .config("spark.sql.streaming.fileSink.log.compactInterval", "10000")
        )  # no commit lists the files of earlier ones
    return builder.getOrCreate()


def silver(records):
    """Kafka's records as the columns of Silver, cleaned and deduplicated."""
    text = f.col("value").cast("string")
    event = f.from_json(text, EVENT)
    columns = records.filter(f.is_valid_utf8(text)).select(
        event.alias("e"),
        f.col("key").cast("string").alias("kafka_key"),
        "partition",
        "offset",
        f.col("timestamp").alias("kafka_timestamp"),
    )
    rows = columns.select("e.*", "kafka_key", "partition", "offset", "kafka_timestamp")
    rows = (
        rows.withColumn("event_timestamp", f.try_to_timestamp("timestamp"))
        .drop("timestamp")
        .filter((f.length("event_id") > 0) & (f.length("user_id") > 0))
        .filter(f.col("event_type").rlike("^[A-Za-z0-9_.-]{1,64}$"))
        .filter(
            (f.col("event_timestamp") >= f.lit("2000-01-01").cast("timestamp"))
            & (f.col("event_timestamp") <= f.col("kafka_timestamp") + f.expr("interval 1 day"))
        )
        .filter(~f.col("event_type").isin(*KNOWN) | ((f.length("product_id") > 0) & f.col("price").isNotNull()))
        .filter(f.col("price").isNull() | ((f.col("price") > 0) & (f.col("price") <= 1e9)))
        .withColumn("quantity", f.coalesce("quantity", f.lit(1)))
        .filter(f.col("quantity").between(1, 1000000))
        .withColumn("currency", f.coalesce("currency", f.lit("EUR")))
        .withColumn("processing_timestamp", f.current_timestamp())
        .withColumn("is_high_value", f.coalesce(f.col("price") > 500, f.lit(False)))
        .withColumn("event_date", f.date_format("event_timestamp", "yyyy-MM-dd"))
        .withColumn("event_hour", f.hour("event_timestamp"))
    )
    return rows.withWatermark("event_timestamp", "24 hours").dropDuplicates(["event_id"])


def main():
    parser = argparse.ArgumentParser()
    for name in ("servers", "topic", "output", "checkpoint"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--trigger")
    parser.add_argument("--progress", help="file for what Spark says of each batch")
    options = parser.parse_args()
    spark = session(options.plain)
    spark.sparkContext.setLogLevel("ERROR")
    records = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", options.servers)
        .option("subscribe", options.topic)
        .option("startingOffsets", "earliest")
        .load()
    )
    writer = (
        silver(records)
        .writeStream.format("parquet")
        .option("path", options.output)
        .option("checkpointLocation", options.checkpoint)
        .partitionBy("event_date", "event_type")
    )
    if options.trigger is None:
        writer = writer.trigger(availableNow=True)
    elif options.trigger != "0":
        writer = writer.trigger(processingTime=f"{options.trigger} seconds")
    query = writer.start()
    query.awaitTermination()
    if options.progress:
        pathlib.Path(options.progress).write_text(json.dumps([json.loads(each.json) for each in query.recentProgress]))
    if options.trigger is None:
        print(spark.read.parquet(options.output).count())


if __name__ == "__main__":
    main()
