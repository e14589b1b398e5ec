"""All days of Gold by the batch layer inside Spark (docs/spark.md), on two cores.

millrace_spark_gold.py DATA

Prints, as JSON, the rows and the seconds past the session's start.
"""

import json
import sys
import time

from millrace.spark.gold import gold
from pyspark.sql import SparkSession

spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.ui.enabled", "false")
    .config("spark.driver.memory", "512m")
    .config("spark.python.daemon.module", "millrace.spark.daemon")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
spark.sparkContext.parallelize(range(2), 2).map(lambda each: each).collect()  # starts the workers in Python
started = time.monotonic()
done = gold(spark, sys.argv[1])
print(json.dumps({"rows": done["rows"], "days": len(done["days"]), "seconds": time.monotonic() - started}))
