"""`python3 -m scripts.stack up|down|status [--json] [SERVICE…]`: make stack-up, stack-down and stack-status.

Each service has a folder under .stack/ with its data, its log and its state.
"""

import argparse
import json
import os
import sys

from scripts.stack import Kafka, Postgres, Prometheus, SparkHistory, SparkMaster, SparkWorker, StackError
from scripts.stack.service import ROOT


def port(variable, usual):
    return int(os.environ.get(variable, usual))


def services(base=ROOT / ".stack"):
    master = SparkMaster(base / "spark-master", port("SPARK_MASTER_PORT", 7077), port("SPARK_MASTER_UI_PORT", 8080))
    return [
        Kafka(base / "kafka", port("KAFKA_PORT", 9092)),
        Postgres(base / "postgres", port("POSTGRES_PORT", 5432)),
        Prometheus(base / "prometheus", port("PROMETHEUS_PORT", 9090)),
        master,
        SparkWorker(base / "spark-worker", master, port("SPARK_WORKER_UI_PORT", 8081)),
        SparkHistory(base / "spark-history", port("SPARK_HISTORY_PORT", 18080)),
    ]


def show(all_status, as_json):
    if as_json:
        print(json.dumps(all_status))
        return
    for status in all_status:
        print(f"{status['service']:16}{status['state']:15}port {status['port']:<7}log {status['log']}")


def main():
    parser = argparse.ArgumentParser(
        description="Kafka, PostgreSQL, Prometheus and Spark on this machine, without Docker"
    )
    parser.add_argument("action", choices=["up", "down", "status"])
    parser.add_argument(
        "service",
        nargs="*",
        help="kafka, postgres, prometheus, spark-master, spark-worker, spark-history; all when none is named",
    )
    parser.add_argument("--json", action="store_true", help="as one JSON array")
    options = parser.parse_args()
    known = services()
    unknown = set(options.service) - {service.name for service in known}
    if unknown:
        parser.error(f"no service {', '.join(unknown)}; there are {', '.join(service.name for service in known)}")
    chosen = [service for service in known if not options.service or service.name in options.service]
    try:
        for service in chosen if options.action == "up" else reversed(chosen):
            if options.action == "up":
                service.start()
            elif options.action == "down":
                service.stop()
    except StackError as error:
        print(f"stack: {error}", file=sys.stderr)
        return 1
    all_status = [service.status() for service in chosen]
    show(all_status, options.json)
    return 0 if options.action != "status" or all(status["state"] == "up" for status in all_status) else 1


if __name__ == "__main__":
    sys.exit(main())
