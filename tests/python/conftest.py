"""The module of the Python package, of the build (`make wheel`)."""

import os
import sys

import pytest

from tests.support.paths import BUILD

BUILT = BUILD / "python"
# Python gets the sanitizers' library by it (`make sanitize`). The program has them in itself.
os.environ.pop("LD_PRELOAD", None)


@pytest.fixture(scope="session")
def millrace():
    if not (BUILT / "millrace").is_dir():
        pytest.skip("the Python package is not built: make wheel")
    if str(BUILT) not in sys.path:
        sys.path.insert(0, str(BUILT))
    import millrace

    return millrace
