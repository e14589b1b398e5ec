"""Where the program under test and the files of the tests are."""

import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MILLRACE_BUILD", "build/release")
TOPIC = "ecom_clickstream_raw"  # the default topic of the embedded log
FIXTURES = ROOT / "tests" / "fixtures"
