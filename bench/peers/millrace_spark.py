"""From Kafka to the silver table by Millrace inside Spark (docs/spark.md), on two cores."""

import argparse
import json
import os
import pathlib

from millrace.spark import start_silver
from millrace.spark.__main__ import USUAL
from pyspark.sql import SparkSession


def main():
    parser = argparse.ArgumentParser()
    for name in ("servers", "topic", "data", "checkpoint", "progress"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--executor", action="store_true", help="have the tasks run in an executor of its own")
    options = parser.parse_args()
    spark = (
        SparkSession.builder.master("local-cluster[1,2,1024]" if options.executor else "local[2]")
        .config(map=USUAL)
        .config("spark.executor.memory", "512m")
        .config("spark.executorEnv.PYTHONPATH", os.environ["PYTHONPATH"])
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "512m")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    query = start_silver(
        spark,
        options.checkpoint,
        available_now=True,
        path=options.data,
        subscribe=options.topic,
        **{"kafka.bootstrap.servers": options.servers},
    )
    query.awaitTermination()
    pathlib.Path(options.progress).write_text(json.dumps([json.loads(each.json) for each in query.recentProgress]))
    print(sum(each["numInputRows"] for each in query.recentProgress))


if __name__ == "__main__":
    main()
