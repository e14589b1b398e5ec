"""Rebuilds the silver table on Spark from what the log and its archive hold, as `millrace replay` does."""

import argparse
import json
import sys

from pyspark.sql import SparkSession

from millrace import _native
from millrace.spark.options import (
    DEDUPE_MEMORY,
    HORIZON,
    RECORDS_PER_BATCH,
    RECORDS_PER_TASK,
    LogPlace,
    duration,
    place_of,
    silver_options,
    size,
)


def _process(data, log, settings, archive):
    """A function for tasks: processes ranges of the log."""

    def process(parts):
        for bounds, event_types in parts:
            task = _native.SilverTask(place_of(data, log, settings, archive), bounds, event_types)
            while task.step() is not None:
                pass
            yield task.finish()

    return process


def replay(
    spark,
    data,
    options,
    *,
    archive=True,
    settings=None,
    records_per_round=RECORDS_PER_BATCH,
    records_per_task=RECORDS_PER_TASK,
    horizon=HORIZON,
    dedupe_memory=DEDUPE_MEMORY,
):
    """Rebuilds the silver and the quarantine table of a shop by ranges of its log.

    data: the data directory, which all workers share. options: those of the log, as a dictionary:
    {"kafka.bootstrap.servers": "broker:9092", "subscribe": "topic"}, or {"log": "/data/shop/bronze"}. archive: read
    what the log has removed from the archive. settings: a dictionary of settings that change, with the names that
    millrace.json has: {"currency": "USD"}. Readers see the old tables until one commit replaces them. Returns a
    dictionary: version, received, silver, duplicates, quarantined and kept_rows.
    """
    log = LogPlace.of(options)
    changes = json.dumps(settings) if settings else ""
    job = _native.SilverReplay(
        place_of(str(data), log, changes, archive), horizon=duration(horizon), dedupe_bytes=size(dedupe_memory)
    )
    context = spark.sparkContext
    process = _process(str(data), log, changes, archive)

    def run_tasks(ranges, event_types):
        context.setJobDescription(f"replay of {log.topic}: {sum(r[4] - r[3] for r in ranges):,} offsets")
        parts = [(bounds, event_types) for bounds in ranges]
        return context.parallelize(parts, len(parts)).mapPartitions(process).collect()

    report = job.run(
        run_tasks, records=records_per_round, tasks=context.defaultParallelism, most_records=records_per_task
    )
    return json.loads(report)


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="python -m millrace.spark.replay", description="Rebuild the silver table on a Spark cluster."
    )
    add = parser.add_argument
    silver_options(parser)
    add("--no-archive", action="store_true", help="Read the log only.")
    add("--json", action="store_true", help="Print the result as a JSON object.")
    given = parser.parse_args(argv)
    spark = SparkSession.builder.getOrCreate()
    try:
        report = replay(
            spark,
            given.data,
            LogPlace.options(given),
            archive=not given.no_archive,
            settings=dict(given.setting),
            records_per_task=given.task_records,
            horizon=given.horizon,
            dedupe_memory=given.dedupe_memory,
        )
    finally:
        spark.stop()
    if given.json:
        print(json.dumps(report))
    else:
        print(
            f"rebuilt from {report['received']:,} records: {report['silver']:,} in silver, "
            f"{report['duplicates']:,} duplicates, {report['quarantined']:,} quarantined; version {report['version']}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
