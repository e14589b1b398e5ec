"""The application that spark-submit starts: millrace.spark.gold (docs/spark.md)."""

import sys

from millrace.spark.gold import main

sys.exit(main())
