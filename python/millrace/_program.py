"""The command `millrace` of the package: the program itself, with its pages."""

import os
import sys
from importlib import util
from pathlib import Path

from millrace import _arrow


def main():
    """Becomes the program, which gets the process, its terminal and its signals."""
    _arrow.check()
    duckdb = Path(util.find_spec("duckdb_cli").origin).parent
    os.environ["PATH"] = f"{duckdb}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    os.execv(Path(__file__).parent / "bin" / "millrace", sys.argv)
