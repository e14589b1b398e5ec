"""The command `millrace` of the package: the program itself, with its pages."""

import os
import sys
from importlib import util
from pathlib import Path

from millrace import _arrow


def prepend(variable, package, default):
    """Puts the folder of a package before those that a variable of the environment names."""
    folder = str(Path(util.find_spec(package).origin).parent)
    others = os.environ.get(variable, default)
    os.environ[variable] = f"{folder}{os.pathsep}{others}" if others else folder


def main():
    """Becomes the program, which gets the process, its terminal and its signals."""
    _arrow.check()
    prepend("PATH", "duckdb_cli", os.defpath)
    prepend("LD_LIBRARY_PATH", "pyarrow", "")  # it may be in another folder than this package
    os.execv(Path(__file__).parent / "bin" / "millrace", sys.argv)
