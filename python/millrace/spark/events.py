"""Clean events as DataFrames: spark.read.format("millrace") and spark.readStream.format("millrace").

The rows are those of the silver stage before it looks for copies of an event: use dropDuplicates("event_id"), or
dropDuplicatesWithinWatermark in a stream. Nothing is written, and no data directory is needed.
"""

import json
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql.datasource import DataSource, DataSourceReader, DataSourceStreamReader, InputPartition
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.streaming.datasource import ReadAllAvailable, ReadMaxRows, SupportsTriggerAvailableNow

import millrace
from millrace.spark.options import LogPlace, duration, flag, moment, positive

# What a refused item has besides its place in the log.
REFUSED = [pa.field("rule", pa.string()), pa.field("field", pa.string()), pa.field("message", pa.string())]
PLACE = ("partition", "offset", "log_epoch", "kafka_timestamp", "format", "record_index")
# Spark's Kafka source writes these numbers for the latest and the earliest offset.
LATEST, EARLIEST = -1, -2


def _arrow_schema(include_quarantine):
    """The silver table's columns; those of refused items follow, and every column may be null then."""
    silver, _ = millrace.Decoder().decode([])
    schema = pa.schema(silver)
    if not include_quarantine:
        return schema
    fields = [pa.field(field.name, field.type) for field in schema]
    return pa.schema([*fields, *REFUSED, pa.field("value", pa.binary())])


@dataclass(frozen=True)
class EventOptions:
    """The options of the data source."""

    log: LogPlace
    decoder: dict
    starting: str
    ending: str
    include_quarantine: bool
    records_per_trigger: int
    records_per_task: int
    fail_on_data_loss: bool

    @classmethod
    def of(cls, options):
        decoder = {"format": options.get("messageFormat", "auto"), "currency": options.get("currency", "EUR")}
        decoder["require_price"] = options.get("requirePrice", "purchases")
        decoder["accept_free_items"] = flag(options.get("acceptFreeItems", "false"))
        decoder["max_event_types"] = int(options.get("maxEventTypes", 100))
        if "earliest" in options:
            decoder["earliest"] = moment(options["earliest"])
        if "future" in options:
            decoder["future"] = duration(options["future"])
        return cls(
            log=LogPlace.of(options),
            decoder=decoder,
            starting=options.get("startingOffsets", ""),
            ending=options.get("endingOffsets", "latest"),
            include_quarantine=flag(options.get("includeQuarantine", "false")),
            records_per_trigger=int(options.get("maxOffsetsPerTrigger", 0)),
            records_per_task=positive(options.get("maxRecordsPerPartition", 100_000)),
            fail_on_data_loss=flag(options.get("failOnDataLoss", "true")),
        )

    def open_log(self):
        return millrace.Log(self.log.place, self.log.topic, properties=self.log.properties)

    def offsets(self, text, log):
        """The offset of each partition that startingOffsets or endingOffsets names."""
        ranges = log.offsets()
        if text in ("earliest", "latest"):
            return {partition: ends[text == "latest"] for partition, ends in ranges.items()}
        try:
            named = json.loads(text)[log.topic]
            given = {int(partition): int(offset) for partition, offset in named.items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ValueError(
                f'{text} is no set of offsets: use earliest, latest or {{"{log.topic}": {{"0": 23, "1": -2}}}}, '
                "where -2 is the earliest and -1 the latest"
            ) from None
        missing = sorted(ranges.keys() ^ given.keys())
        if missing:
            raise ValueError(f"name the offset of each partition of {log.topic}: {missing} differ")
        special = {EARLIEST: 0, LATEST: 1}
        return {p: ranges[p][special[offset]] if offset in special else offset for p, offset in given.items()}


class EventRange(InputPartition):
    """Offsets of one partition: from start to before end."""

    def __init__(self, partition, start, end):
        self.partition = partition
        self.start = start
        self.end = end


def _ranges(options, log, starts, ends):
    """Divides what lies between offsets among tasks."""
    ranges = []
    held = log.offsets()
    for partition, end in sorted(ends.items()):
        first = held[partition][0]
        start = starts.get(partition, first)
        if start < first or start > end:
            if options.fail_on_data_loss:
                raise ValueError(
                    f"{log.topic} partition {partition} has the offsets {first} to {held[partition][1]}, and {start} "
                    "was asked for: records were removed, or the topic was created again. Start at earliest, or set "
                    "failOnDataLoss to false"
                )
            start = first
        ranges += [
            EventRange(partition, here, min(here + options.records_per_task, end))
            for here in range(start, end, options.records_per_task)
        ]
    return ranges


def _refused(quarantine, schema):
    """Refused items in the columns of the source."""
    table = pa.table(quarantine)
    columns = []
    for field in schema:
        if field.name in (*PLACE, *(refused.name for refused in REFUSED), "value"):
            columns.append(table[field.name].cast(field.type))
        elif field.name == "kafka_key":
            columns.append(pa.chunked_array([[_text(key) for key in table["kafka_key"].to_pylist()]], field.type))
        else:
            columns.append(pa.nulls(len(table), field.type))
    return pa.table(columns, schema=schema)


def _text(key):
    return None if key is None else key.decode("utf-8", "backslashreplace")


def _clean(silver, schema):
    table = pa.table(silver)
    columns = [
        pc.cast(table[field.name], field.type) if field.name in table.column_names else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def _read(options, bounds):
    """The rows of a range, as batches of exactly the declared schema."""
    log = options.open_log()
    decoder = millrace.Decoder(topic=log.topic, epoch=log.epoch, **options.decoder)
    schema = _arrow_schema(options.include_quarantine)
    start = bounds.start
    if start < bounds.end and log.offsets()[bounds.partition][1] < bounds.end:
        raise ValueError(f"{log.topic} partition {bounds.partition} has become shorter than {bounds.end} offsets")
    while start < bounds.end:
        records = pa.table(log.read(bounds.partition, start, bounds.end))
        if len(records) == 0:  # offsets without a record
            return
        start = records["offset"][-1].as_py() + 1
        silver, quarantine = decoder.decode(records)
        tables = [_clean(silver, schema)]
        if options.include_quarantine:
            tables.append(_refused(quarantine, schema))
        for table in tables:
            yield from table.to_batches(max_chunksize=50_000)


class EventReader(DataSourceReader):
    """A bounded range of the log."""

    def __init__(self, options):
        self.options = options

    def partitions(self):
        log = self.options.open_log()
        starts = self.options.offsets(self.options.starting or "earliest", log)
        if self.options.ending == "earliest":
            raise ValueError("endingOffsets cannot be earliest")
        return _ranges(self.options, log, starts, self.options.offsets(self.options.ending, log)) or [
            EventRange(0, 0, 0)
        ]

    def read(self, partition):
        return _read(self.options, partition)


class EventStreamReader(DataSourceStreamReader, SupportsTriggerAvailableNow):
    """The log from an offset on."""

    def __init__(self, options):
        self.options = options
        self.ends = None  # with the trigger availableNow: where the log ended at the start
        self._log = None

    def __getstate__(self):
        return {**self.__dict__, "_log": None}

    @property
    def log(self):
        if self._log is None:
            self._log = self.options.open_log()
        return self._log

    def initialOffset(self):
        return _named(self.options.offsets(self.options.starting or "latest", self.log))

    def prepareForTriggerAvailableNow(self):
        self.ends = self.options.offsets("latest", self.log)

    def getDefaultReadLimit(self):
        most = self.options.records_per_trigger
        return ReadMaxRows(most) if most > 0 else ReadAllAvailable()

    def latestOffset(self, start, limit):
        ends = self.ends or self.options.offsets("latest", self.log)
        starts = _numbered(start)
        waiting = {p: max(0, end - starts.get(p, 0)) for p, end in ends.items()}
        total = sum(waiting.values())
        if not isinstance(limit, ReadMaxRows) or total <= limit.max_rows:
            return _named(ends)
        # Each partition has its share; rounding up lets each of them move on.
        return _named({p: min(ends[p], starts.get(p, 0) + -(-n * limit.max_rows // total)) for p, n in waiting.items()})

    def reportLatestOffset(self):
        return _named(self.options.offsets("latest", self.log))

    def partitions(self, start, end):
        return _ranges(self.options, self.log, _numbered(start), _numbered(end))

    def read(self, partition):
        return _read(self.options, partition)


def _named(offsets):
    """Offsets with the names that JSON needs."""
    return {str(partition): offset for partition, offset in sorted(offsets.items())}


def _numbered(offsets):
    return {int(partition): offset for partition, offset in offsets.items()}


class Events(DataSource):
    """The data source `millrace`: clean events of a topic."""

    @classmethod
    def name(cls):
        return "millrace"

    def schema(self):
        return from_arrow_schema(_arrow_schema(EventOptions.of(self.options).include_quarantine))

    def reader(self, schema):
        return EventReader(EventOptions.of(self.options))

    def streamReader(self, schema):
        return EventStreamReader(EventOptions.of(self.options))
