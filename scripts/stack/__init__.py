"""Services without Docker, each in a folder of its own and on the loopback address only.

`python3 -m scripts.stack` starts them all (make stack-up). The tests and benchmarks start services of their own with
these classes, in other folders and on free ports.
"""

from scripts.stack.kafka import Kafka
from scripts.stack.postgres import Postgres
from scripts.stack.prometheus import Prometheus
from scripts.stack.service import SHORT_LIVED, Service, StackError, free_port, port_is_free
from scripts.stack.spark import SparkHistory, SparkMaster, SparkWorker

__all__ = [
    "SHORT_LIVED",
    "Kafka",
    "Postgres",
    "Prometheus",
    "Service",
    "SparkHistory",
    "SparkMaster",
    "SparkWorker",
    "StackError",
    "free_port",
    "port_is_free",
]
