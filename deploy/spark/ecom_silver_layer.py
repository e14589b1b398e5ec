"""The application that spark-submit starts: the silver stage on a cluster (docs/spark.md)."""

import sys

from millrace.spark.__main__ import main

sys.exit(main())
