"""A sample of real events, the first hours of 2019-10-01 of the REES46 data set, which the repository does not hold.

The environment variable MILLRACE_SAMPLE names the file. Tests that need it use the fixture `sample`, which skips them
when there is no such file.
"""

import os
import pathlib

from tests.support.paths import ROOT

DEFAULT = ROOT.parent / "shared" / "data" / "rees46-2019-10-01.csv"
MISSING = "the sample of real events is missing; MILLRACE_SAMPLE names its file"


def path():
    """The sample's file, or None when there is none. A file that MILLRACE_SAMPLE names must exist."""
    named = os.environ.get("MILLRACE_SAMPLE")
    if named and not pathlib.Path(named).is_file():
        raise FileNotFoundError(f"MILLRACE_SAMPLE names {named}, which is no file")
    file = pathlib.Path(named or DEFAULT)
    return file.resolve() if file.is_file() else None
