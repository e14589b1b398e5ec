"""The driver's and the tasks' parts of the silver stage on a cluster, without one (millrace.spark.silver)."""

import datetime
import json

import pytest

from tests.support import oracle
from tests.support.events import line

TOPIC = "ecom_clickstream_raw"
NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
MANY = 24_000  # twice as many ids as the memory holds


class Job:
    """One query: plans, processes each range and commits, until the table has all of the log."""

    def __init__(self, millrace, shop, **options):
        self.native = millrace._native
        self.place = self.native.SilverPlace(str(shop.data), str(shop.data / "bronze"), TOPIC, {}, archive=False)
        self.planner = self.native.SilverPlanner(self.place)
        self.committer = self.native.SilverCommitter(self.place, **options)

    def process(self, bounds, types):
        task = self.native.SilverTask(self.place, bounds, types)
        while task.step() is not None:
            pass
        return task.finish()

    def run(self, records=5_000):
        reports = []
        while True:
            ends = self.planner.next_batch(self.planner.log_ends(), records=records, bytes=1 << 30)
            ranges = self.planner.ranges(ends, tasks=2)
            if not ranges:
                return reports
            types = self.planner.event_types()
            results = [self.process(bounds, types) for bounds in ranges]
            reports.append(json.loads(self.committer.commit(results)))


def at(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("restart", [False, True])
def test_copies_of_what_the_memory_dropped_are_found(millrace, shop, capfd, restart):
    step = datetime.timedelta(hours=2) / MANY
    shop.write(*(line(i, timestamp=at(NOW - step * (MANY - i))) for i in range(MANY)))
    small = {"dedupe_bytes": 400 << 10}
    job = Job(millrace, shop, **small)
    assert sum(report["silver"] for report in job.run()) == MANY
    assert "the dedupe memory is full" in capfd.readouterr().err
    shop.write(*(line(i, timestamp=at(NOW)) for i in range(0, MANY, 80)))
    reports = (Job(millrace, shop, **small) if restart else job).run()
    assert sum(report["silver"] for report in reports) == 0
    assert sum(report["duplicates"] for report in reports) == 300
    shop.verify()
    assert oracle.check_exactly_once(shop.data) == MANY


def test_a_query_continues_where_another_ended(millrace, shop):
    shop.write(*(line(i) for i in range(1000)))
    assert len(Job(millrace, shop).run(records=300)) >= 3
    shop.write(*(line(i) for i in range(900, 1200)))
    reports = Job(millrace, shop).run(records=300)
    assert sum(report["received"] for report in reports) == 300
    assert sum(report["duplicates"] for report in reports) == 100
    assert Job(millrace, shop).run() == []
    shop.verify()
