"""The Spark application EcomSilverLayer, which deploy/spark/submit_spark_job.sh submits."""

import argparse
import json
import signal
import sys

from pyspark import SparkConf
from pyspark.sql import SparkSession

from millrace.spark.options import (
    BYTES_PER_BATCH,
    RECORDS_PER_BATCH,
    LogPlace,
    argument,
    duration,
    positive,
    silver_options,
    size,
)
from millrace.spark.silver import start_silver

# What the job sets where spark-submit does not.
USUAL = {
    # A row of the stream is a few bytes: larger batches cost fewer calls.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "20000",
    "spark.sql.streaming.metricsEnabled": "true",
    # Workers share the memory of the libraries, and give back what a task needed.
    "spark.python.worker.reuse": "true",
    "spark.python.daemon.module": "millrace.spark.daemon",
    "spark.executorEnv.ARROW_DEFAULT_MEMORY_POOL": "system",
    "spark.executorEnv.MALLOC_MMAP_THRESHOLD_": "131072",
    "spark.executorEnv.MALLOC_TRIM_THRESHOLD_": "131072",
    # The JVM only passes rows on: a small heap is enough, and it begins as a part of the machine's memory otherwise.
    "spark.executor.extraJavaOptions": "-XX:+UseSerialGC -Xms160m -XX:MaxNewSize=64m",
}


def arguments(argv):
    parser = argparse.ArgumentParser(
        prog="ecom_silver_layer",
        description="Clean and deduplicate a topic's events into a silver table, on a Spark cluster.",
        epilog="docs/spark.md describes the options, and what is exactly once.",
    )
    add = parser.add_argument
    silver_options(parser)
    add("--trigger", default="20s", type=argument(duration), help="Time between batches. (default: 20s)")
    add("--available-now", action="store_true", help="Process what the log holds at the start, then exit.")
    add("--checkpoint", metavar="DIR", help="Folder of Spark's checkpoint. (default: DIR/spark/silver)")
    add(
        "--max-records",
        type=argument(positive),
        default=RECORDS_PER_BATCH,
        help="Most records of a batch. (default: %(default)s)",
    )
    add(
        "--max-bytes",
        default=BYTES_PER_BATCH,
        type=argument(size, keep=True),
        help="Most bytes of records of a batch, about. (default: %(default)s)",
    )
    add(
        "--on-data-loss",
        choices=["fail", "continue"],
        default="fail",
        help="What to do when the log has removed records before they were processed. (default: %(default)s)",
    )
    return parser.parse_args(argv)


def options_of(given):
    """The options of the data source."""
    options = {
        "path": given.data,
        "maxRecordsPerTrigger": str(given.max_records),
        "maxBytesPerTrigger": given.max_bytes,
        "maxRecordsPerPartition": str(given.task_records),
        "horizon": given.horizon,
        "dedupeMemory": given.dedupe_memory,
        "failOnDataLoss": str(given.on_data_loss == "fail").lower(),
    }
    if given.setting:
        options["settings"] = json.dumps(dict(given.setting))
    return {**options, **LogPlace.options(given)}


def main(argv=None):
    given = arguments(argv)
    conf = SparkConf()
    for name, value in USUAL.items():
        conf.setIfMissing(name, value)
    spark = SparkSession.builder.config(conf=conf).getOrCreate()
    try:
        query = start_silver(
            spark,
            given.checkpoint or f"{given.data}/spark/silver",
            trigger=f"{given.trigger.total_seconds()} seconds",
            available_now=given.available_now,
            **options_of(given),
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: query.stop())
        query.awaitTermination()
    except Exception as error:  # Spark's exception, whose text tells what failed in Python
        print(f"EcomSilverLayer: {error}", file=sys.stderr)
        return 3
    finally:
        spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
