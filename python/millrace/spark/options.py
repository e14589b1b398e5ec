"""The options of the data sources, which have the names of Spark's Kafka source where it has them."""

import argparse
import json
import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from millrace import _native

# The defaults of a silver stage and of a replay.
RECORDS_PER_BATCH = 4_000_000
BYTES_PER_BATCH = "4g"
RECORDS_PER_TASK = 500_000
HORIZON = "24h"
DEDUPE_MEMORY = "1g"

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_SIZES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def duration(text):
    """A duration such as 500ms, 20s, 10m, 24h or 7d."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", text.strip())
    if not match:
        raise ValueError(f"{text} is not a duration such as 20s, 10m or 24h")
    return timedelta(seconds=float(match[1]) * _UNITS[match[2]])


def moment(text):
    """A time with its zone, such as 2000-01-01T00:00:00Z."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise ValueError(f"{text} is not a time with a zone such as 2000-01-01T00:00:00Z")
    return time


def size(text):
    """A number of bytes such as 512m or 1g."""
    match = re.fullmatch(r"(\d+)([kmg]?)(?:i?b)?", str(text).strip().lower())
    if not match:
        raise ValueError(f"{text} is not a size such as 512m or 1g")
    return int(match[1]) * _SIZES[match[2]]


def flag(text):
    """True or false."""
    if str(text).lower() not in ("true", "false"):
        raise ValueError(f"{text} is neither true nor false")
    return str(text).lower() == "true"


def _required(options, name, example):
    value = options.get(name)
    if not value:
        raise ValueError(f'the option {name} is missing: .option("{name}", "{example}")')
    return value


@dataclass(frozen=True)
class LogPlace:
    """A topic, as millrace.Log opens it."""

    place: str
    topic: str
    properties: dict = field(default_factory=dict)

    @classmethod
    def of(cls, options):
        """From kafka.bootstrap.servers, subscribe and other options of kafka.*; or from log, the folder of a log."""
        topic = options.get("subscribe") or "ecom_clickstream_raw"
        if options.get("log"):
            return cls(options["log"], topic)
        servers = _required(options, "kafka.bootstrap.servers", "broker:9092")
        prefix = "kafka."
        properties = {
            name[len(prefix) :]: value
            for name, value in options.items()
            if name.startswith(prefix) and name != "kafka.bootstrap.servers"
        }
        return cls(f"kafka://{servers}/{topic}", topic, properties)

    @staticmethod
    def options(given):
        """The options that arguments of log_options() stand for."""
        if not given.bronze.startswith("kafka://"):
            if given.kafka_property:
                raise ValueError("--kafka-property needs a --bronze that begins with kafka://")
            return {"log": given.bronze, "subscribe": given.topic}
        servers, _, topic = given.bronze.removeprefix("kafka://").partition("/")
        return {
            "kafka.bootstrap.servers": servers,
            "subscribe": topic or given.topic,
            **{f"kafka.{name}": value for name, value in given.kafka_property},
        }


def argument(parse, keep=False):
    """A type for argparse, whose error is that of `parse`. With `keep`, the text is only checked."""

    def parsed(text):
        try:
            value = parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
        return text if keep else value

    return parsed


def positive(text):
    """A number above 0."""
    if not str(text).isdigit() or int(text) == 0:
        raise ValueError(f"{text} is not a number above 0")
    return int(text)


def day(text):
    """A day such as 2019-10-01."""
    return date.fromisoformat(text).isoformat()


def _pair(text):
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"{text} is not NAME=VALUE")
    return name, value


def _setting(text):
    """A setting as millrace.json has it: numbers stay numbers."""
    name, value = _pair(text)
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def silver_options(parser):
    """Adds the arguments of all jobs that process a log: where it is, and how it is divided and deduplicated."""
    parser.add_argument(
        "--data", required=True, metavar="DIR", help="The shop's data directory, which all workers share."
    )
    parser.add_argument(
        "--bronze",
        required=True,
        metavar="PLACE",
        help="The log: kafka://HOST:PORT[,HOST:PORT]/TOPIC, or the folder of a log of Millrace.",
    )
    parser.add_argument(
        "--topic", default="ecom_clickstream_raw", help="Topic of a log of Millrace. (default: %(default)s)"
    )
    parser.add_argument(
        "--kafka-property",
        action="append",
        default=[],
        type=argument(_pair),
        metavar="NAME=VALUE",
        help="Property of the Kafka client, such as security.protocol=SASL_SSL. May be repeated.",
    )
    parser.add_argument(
        "--setting",
        action="append",
        default=[],
        type=argument(_setting),
        metavar="NAME=VALUE",
        help="Setting of the shop, with the name that DIR/millrace.json has for it, such as currency=USD. It is "
        "stored with the data. May be repeated.",
    )
    parser.add_argument(
        "--task-records",
        type=argument(positive),
        default=RECORDS_PER_TASK,
        help="Most records of a task. (default: %(default)s)",
    )
    parser.add_argument(
        "--horizon",
        default=HORIZON,
        type=argument(duration, keep=True),
        help="Period whose event_ids are held in the driver's memory for deduplication. (default: %(default)s)",
    )
    parser.add_argument(
        "--dedupe-memory",
        default=DEDUPE_MEMORY,
        type=argument(size, keep=True),
        help="Most memory for event_ids. (default: %(default)s)",
    )


@dataclass(frozen=True)
class SilverOptions:
    """The options of a silver stage on Spark."""

    data: str
    log: LogPlace
    tasks: int
    records_per_trigger: int
    bytes_per_trigger: int
    records_per_task: int
    horizon: timedelta
    dedupe_memory: int
    continue_on_data_loss: bool
    settings: str = ""

    @classmethod
    def of(cls, options):
        return cls(
            data=_required(options, "path", "/data/shop"),
            log=LogPlace.of(options),
            tasks=positive(options.get("minPartitions", 2)),
            records_per_trigger=positive(options.get("maxRecordsPerTrigger", RECORDS_PER_BATCH)),
            bytes_per_trigger=size(options.get("maxBytesPerTrigger", BYTES_PER_BATCH)),
            records_per_task=positive(options.get("maxRecordsPerPartition", RECORDS_PER_TASK)),
            horizon=duration(options.get("horizon", HORIZON)),
            dedupe_memory=size(options.get("dedupeMemory", DEDUPE_MEMORY)),
            continue_on_data_loss=not flag(options.get("failOnDataLoss", "true")),
            settings=options.get("settings", ""),
        )

    def place(self):
        """What SilverPlanner, SilverTask and SilverCommitter begin with."""
        return place_of(self.data, self.log, self.settings)


def place_of(data, log, settings="", archive=False):
    """The place of a shop, with changed settings: a JSON object of names and values as in millrace.json."""
    plain = _native.SilverPlace(data, log.place, log.topic, log.properties, archive=archive)
    if not settings:
        return plain
    known = json.loads(plain.shop_settings())
    changes = json.loads(settings)
    unknown = sorted(changes.keys() - known.keys())
    if unknown:
        raise ValueError(f"no setting is called {', '.join(unknown)}; the settings are {', '.join(known)}")
    text = json.dumps({**known, **changes})
    return _native.SilverPlace(data, log.place, log.topic, log.properties, settings=text, archive=archive)
