"""The application that spark-submit starts: millrace.spark.replay (docs/spark.md)."""

import sys

from millrace.spark.replay import main

sys.exit(main())
