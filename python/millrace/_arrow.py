"""The module uses the Arrow library that comes with pyarrow, of the one version that it was built with."""

import ctypes
from importlib import metadata, util
from pathlib import Path

REQUIRED = "26.0"


def check():
    """Raises an ImportError that says what to install, if there is another pyarrow or none."""
    try:
        found = metadata.version("pyarrow")
    except metadata.PackageNotFoundError:
        found = None
    if found is None or not found.startswith(REQUIRED + "."):
        here = "there is none" if found is None else f"here is {found}"
        raise ImportError(
            f"millrace needs pyarrow {REQUIRED}, and {here}. Install it: python -m pip install 'pyarrow=={REQUIRED}.*'"
        )


def load():
    """Loads Arrow by itself, so that the OpenSSL in libparquet is not mixed with the system's."""
    check()
    folder = Path(util.find_spec("pyarrow").origin).parent
    for library in sorted(folder.glob("libparquet.so.*")):
        ctypes.CDLL(str(library))
