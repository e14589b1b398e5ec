"""Millrace inside Apache Spark 4.2 or newer: the silver stage as a streaming job, and clean events as DataFrames.

`EcomSilverLayer` (python -m millrace.spark, or deploy/spark/submit_spark_job.sh) runs the silver stage on a cluster:
Spark schedules, retries and watches its tasks, which do the whole work natively. docs/spark.md describes it.
"""

from importlib import metadata as _metadata

REQUIRED = (4, 2)


def _check():
    """Raises an ImportError that says what to install, if there is no Spark or an older one."""
    needed = ".".join(str(part) for part in REQUIRED)
    try:
        found = _metadata.version("pyspark")
    except _metadata.PackageNotFoundError:
        try:  # Spark's own distribution, which spark-submit puts on the path
            from pyspark import __version__ as found
        except ImportError:
            found = "none"
    if found == "none" or tuple(int(part) for part in found.split(".")[:2]) < REQUIRED:
        raise ImportError(
            f"millrace.spark needs pyspark {needed} or newer, and here is {found}. "
            f"Install it: python -m pip install 'pyspark>={needed}'"
        )


_check()

from millrace.spark.events import Events  # noqa: E402
from millrace.spark.silver import SilverLayer, start_silver  # noqa: E402

__all__ = ["Events", "SilverLayer", "register", "start_silver"]


def register(spark):
    """Makes the data sources known to a SparkSession: `millrace` for clean events, and `millrace-silver`."""
    for source in (Events, SilverLayer):
        spark.dataSource.register(source)
