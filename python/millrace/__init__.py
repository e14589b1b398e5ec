"""Millrace's operations on Arrow data: decode and check shop events, compute metrics, read and write Delta tables.

Objects of other Arrow libraries (pyarrow, Polars, DuckDB, pandas) are taken and given as they are, by Arrow's PyCapsule
interface. Long work runs without the interpreter's lock. Only a Log of Kafka has threads that run between calls, so a
process without one may fork then.
"""

from importlib import metadata as _metadata

from millrace import _arrow

_arrow.load()

from millrace._native import Decoder, Error, Log, Rows, Table, TableRows, gold  # noqa: E402

try:
    __version__ = _metadata.version("millrace")
except _metadata.PackageNotFoundError:  # in the build
    __version__ = "0"

__all__ = ["Decoder", "Error", "Log", "Rows", "Table", "TableRows", "gold"]
