"""The batch layer of Gold on Spark: days are recomputed in tasks, and committed on the driver."""

import argparse
import json
import sys
from datetime import date, timedelta

from pyspark.sql import SparkSession

from millrace import _native
from millrace.spark.options import argument, day, positive

ATTEMPTS = 5
DAYS_AT_MOST = 31  # A task computes as many days as `gold --batch` reads at once.


def _days(first, last):
    day = date.fromisoformat(first)
    while day <= date.fromisoformat(last):
        yield day.isoformat()
        day += timedelta(days=1)


def _prepare(data, begun):
    """A function for tasks: computes the rows of each part, which is a pair of days."""

    def prepare(parts):
        job = None
        for first, last in parts:
            job = job or _native.GoldJob(data, threads=0)  # a task has one core
            yield job.prepare(first, last, begun)

    return prepare


def gold(spark, data, *, first=None, last=None, days_per_task=None):
    """Replaces the rows of some days in the tables of Gold, as `millrace gold --batch` does, with a task for each
    or for a few.

    data: the shop's data directory, which all workers share. first, last: days such as "2019-10-01"; by default the
    first and the last one that the silver table has events of. days_per_task: a task also reads the events of the days
    around its own, so by default there are as many tasks as cores, of a month at most. Returns a dictionary: days (a
    list) and rows.
    """
    job = _native.GoldJob(str(data))
    known = job.all_days()
    if known is None:
        return {"days": [], "rows": 0}
    days = list(_days(max(first or known[0], known[0]), min(last or known[1], known[1])))
    if not days:
        return {"days": [], "rows": 0}
    cores = spark.sparkContext.defaultParallelism
    days_per_task = days_per_task or min(-(-len(days) // cores), DAYS_AT_MOST)
    parts = [(days[i], days[min(i + days_per_task, len(days)) - 1]) for i in range(0, len(days), days_per_task)]
    spark.sparkContext.setJobDescription(f"gold: {days[0]} to {days[-1]}")
    for _ in range(ATTEMPTS):
        begun = job.begin()
        tasks = spark.sparkContext.parallelize(parts, len(parts))
        prepared = tasks.mapPartitions(_prepare(str(data), begun)).collect()
        rows = job.commit(prepared, begun)
        if rows is not None:
            return {"days": days, "rows": rows}
    raise _native.Error(
        f"recomputing days of Gold: the tables have changed during each of {ATTEMPTS} attempts. Try again; if no "
        "process runs Gold, run this first: millrace gold --available-now"
    )


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="python -m millrace.spark.gold", description="Recompute days of Gold on a Spark cluster."
    )
    parser.add_argument("--data", required=True, metavar="DIR", help="The shop's data directory.")
    parser.add_argument(
        "--from", dest="first", type=argument(day), metavar="DAY", help="First day. (default: silver's first day)"
    )
    parser.add_argument(
        "--to", dest="last", type=argument(day), metavar="DAY", help="Last day. (default: silver's last day)"
    )
    parser.add_argument(
        "--days-per-task", type=argument(positive), help="Days of a task. (default: as many tasks as cores)"
    )
    parser.add_argument("--json", action="store_true", help="Print the result as a JSON object.")
    given = parser.parse_args(argv)
    spark = SparkSession.builder.getOrCreate()
    try:
        done = gold(spark, given.data, first=given.first, last=given.last, days_per_task=given.days_per_task)
    finally:
        spark.stop()
    if given.json:
        print(json.dumps(done))
    elif not done["days"]:
        print("silver has no events")
    else:
        print(f"{done['days'][0]} to {done['days'][-1]}: {done['rows']:,} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
