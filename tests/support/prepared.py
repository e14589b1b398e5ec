"""Data directories that are filled once for all tests and workers, and then copied."""

import fcntl
import os
import shutil

from tests.support.shop import Millrace


class Prepared:
    """Keeps prepared data directories in a folder that the workers of one test run share."""

    def __init__(self, tmp_path_factory):
        base = tmp_path_factory.getbasetemp()
        self.folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "prepared"
        self.folder.mkdir(exist_ok=True)

    def copy(self, fill, data):
        """A shop at `data` with what `fill(shop)` has made. The first caller runs `fill`; the others wait for it."""
        name = f"{fill.__module__}.{fill.__qualname__}"
        done = self.folder / f"{name}.done"
        with open(self.folder / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(self.folder / name, ignore_errors=True)
                fill(Millrace(self.folder / name))
                done.touch()
        shutil.copytree(self.folder / name, data)
        return Millrace(data)
