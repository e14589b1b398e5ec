"""A session of Spark with a JVM of its own: the JVM that pyspark starts has the jars of the first session only."""

import contextlib


def _end_jvm():
    from pyspark import SparkContext

    gateway = SparkContext._gateway
    if gateway is None:
        return
    gateway.shutdown()
    gateway.proc.stdin.close()  # the JVM ends with its stdin
    gateway.proc.wait(60)
    SparkContext._gateway = SparkContext._jvm = None


@contextlib.contextmanager
def session_of(builder):
    """The session that a builder gives, until the end of the block."""
    _end_jvm()
    session = builder.getOrCreate()
    try:
        yield session
    finally:
        session.stop()
        _end_jvm()
