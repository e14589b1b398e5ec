"""Spark's daemon of Python workers, which share the memory of Arrow and of Millrace, and need not load them."""

import pyarrow  # noqa: F401
from pyspark import daemon

import millrace  # noqa: F401

if __name__ == "__main__":
    daemon.manager()
