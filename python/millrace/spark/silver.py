"""The silver stage as a stream from the data source `millrace-silver` to itself.

The source's driver plans ranges of offsets from where the silver table's progress ends; Spark's own offsets only say
how far a batch goes. A task of the source processes a range natively and writes its data files. It gives Spark one
narrow row for each record, so that Spark's figures are those of the records; the last row has the task's result. The
sink's tasks collect the results, and its commit() makes one commit of the table.
"""

import json
import sys

import pyarrow as pa
from pyspark.sql.datasource import (
    DataSource,
    DataSourceStreamArrowWriter,
    DataSourceStreamReader,
    InputPartition,
    WriterCommitMessage,
)
from pyspark.sql.streaming.datasource import ReadMaxRows, SupportsTriggerAvailableNow

from millrace import _native
from millrace.spark.options import SilverOptions

SCHEMA = pa.schema([pa.field("partition", pa.int32()), pa.field("result", pa.binary())])
ROWS_OF_BATCH = 20_000
AGAIN = "again"  # a member of offsets that lets Spark begin a batch that ends where the one before did


class SilverRange(InputPartition):
    """What one task processes: a range as SilverPlanner gives it, and the event types of the table."""

    def __init__(self, bounds, event_types):
        self.bounds = bounds
        self.event_types = event_types


class SilverResults(WriterCommitMessage):
    """The results of the ranges that one task of the sink has seen."""

    def __init__(self, results):
        self.results = results


def _rows(partition, count, result=None):
    """Batches of as many rows as there were records; the last row has the result."""
    while count > 0:
        some = min(count, ROWS_OF_BATCH)
        count -= some
        results = pa.nulls(some, pa.binary())
        if count == 0 and result is not None:
            results = pa.concat_arrays([pa.nulls(some - 1, pa.binary()), pa.array([result], pa.binary())])
        yield pa.RecordBatch.from_arrays([pa.repeat(pa.scalar(partition, pa.int32()), some), results], schema=SCHEMA)


def _print_report(batch, report):
    """One line for each batch in the log of the driver."""
    done = "the table had all of it" if report["version"] < 0 else f"version {report['version']}"
    print(
        f"silver: batch {batch}: {report['received']:,} in, {report['silver']:,} silver, "
        f"{report['duplicates']:,} duplicates, {report['quarantined']:,} quarantined, "
        f"lag {report['lag']:,}, {done}",
        file=sys.__stderr__,  # Spark keeps what is printed to sys.stderr to itself
        flush=True,
    )


class SilverReader(DataSourceStreamReader, SupportsTriggerAvailableNow):
    """Plans on the driver, in a process that lives as long as the query, and processes ranges in tasks."""

    def __init__(self, options):
        self.options = options
        self.ends = None  # with the trigger availableNow: where the log ended at the start
        self._planner = None

    def __getstate__(self):
        return {**self.__dict__, "_planner": None}

    @property
    def planner(self):
        if self._planner is None:
            self._planner = _native.SilverPlanner(
                self.options.place(), continue_on_data_loss=self.options.continue_on_data_loss
            )
        return self._planner

    def initialOffset(self):
        return self._offsets(self.planner.progress())

    def prepareForTriggerAvailableNow(self):
        self.ends = self.planner.log_ends()

    def getDefaultReadLimit(self):
        return ReadMaxRows(self.options.records_per_trigger)

    def latestOffset(self, start, limit):
        """Where the next batch ends: `start` if there is nothing to do."""
        records = limit.max_rows if isinstance(limit, ReadMaxRows) else 0
        ends = self.ends or self.planner.log_ends()
        batch = self._offsets(self.planner.next_batch(ends, records=records, bytes=self.options.bytes_per_trigger))
        if batch != {name: offset for name, offset in start.items() if name != AGAIN}:
            return batch
        done = self.planner.progress()
        if all(done.get(int(partition), 0) >= offset for partition, offset in batch.items()):
            return start
        # The table lacks what the checkpoint says was done: it is another one, or an older version of it.
        return {**batch, AGAIN: start.get(AGAIN, 0) + 1}

    def reportLatestOffset(self):
        return self._offsets(self.planner.log_ends())

    def partitions(self, start, end):
        """The ranges from where the table's progress ends: `start` is only what Spark's checkpoint says."""
        ends = {int(partition): offset for partition, offset in end.items() if partition != AGAIN}
        ranges = self.planner.ranges(ends, tasks=self.options.tasks, most_records=self.options.records_per_task)
        event_types = self.planner.event_types()
        return [SilverRange(bounds, event_types) for bounds in ranges]

    def read(self, partition):
        task = _native.SilverTask(self.options.place(), partition.bounds, partition.event_types)
        number = partition.bounds[0]
        waiting = 0  # records whose rows are not given yet; the last one has the result
        while (records := task.step()) is not None:
            yield from _rows(number, waiting + records - 1)
            waiting = 1 if waiting + records > 0 else 0
        # A range without a record has a result, too.
        yield from _rows(number, max(waiting, 1), task.finish())

    @staticmethod
    def _offsets(ends):
        return {str(partition): offset for partition, offset in sorted(ends.items())}


# The committer of this process, by the options of its query: it holds the ids of the table's events. Spark keeps the
# process between batches, and may begin another one at any time, which loads them again.
_committers = {}


class SilverWriter(DataSourceStreamArrowWriter):
    """Collects the results in tasks, and commits them on the driver."""

    def __init__(self, options):
        self.options = options

    def write(self, iterator):
        return SilverResults([value.as_py() for batch in iterator for value in batch.column(1).drop_null()])

    def commit(self, messages, batchId):
        results = [result for message in messages if message is not None for result in message.results]
        if not results:
            return
        key = repr(self.options)
        if key not in _committers:
            _committers.clear()
            _committers[key] = _native.SilverCommitter(
                self.options.place(), horizon=self.options.horizon, dedupe_bytes=self.options.dedupe_memory
            )
        try:
            report = json.loads(_committers[key].commit(results))
        except BaseException:
            _committers.clear()  # settings or the table may have been replaced
            raise
        _print_report(batchId, report)

    def abort(self, messages, batchId):
        """Nothing is to be undone: no commit names the files, and `millrace vacuum` removes them."""


class SilverLayer(DataSource):
    """The data source `millrace-silver`; start_silver() makes a stream of it."""

    @classmethod
    def name(cls):
        return "millrace-silver"

    def schema(self):
        return "partition int, result binary"

    def streamReader(self, schema):
        return SilverReader(SilverOptions.of(self.options))

    def streamWriter(self, schema, overwrite):
        return SilverWriter(SilverOptions.of(self.options))


def start_silver(spark, checkpoint, *, trigger="20 seconds", available_now=False, **options):
    """Starts the silver stage as a streaming query of a SparkSession.

    checkpoint: a folder for Spark's checkpoint, which may be lost. trigger: the time between batches. available_now:
    end when all is processed that the log has now. options: those that docs/spark.md lists, such as path="/data/shop".
    Returns the StreamingQuery.
    """
    spark.dataSource.register(SilverLayer)
    options.setdefault("minPartitions", str(spark.sparkContext.defaultParallelism))
    stream = spark.readStream.format(SilverLayer.name()).options(**options).load()
    writer = (
        stream.writeStream.format(SilverLayer.name())
        .options(**options)
        .option("checkpointLocation", str(checkpoint))
        .queryName("silver")
    )
    when = {"availableNow": True} if available_now else {"processingTime": trigger}
    return writer.trigger(**when).start()
