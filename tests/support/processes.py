"""What Linux says about processes that a test has started."""

import contextlib
import pathlib
import re

PROC = pathlib.Path("/proc")


def name_of(pid):
    return (PROC / str(pid) / "comm").read_text().strip()


def children(pid, name):
    """The running children of a process that have this name."""
    for task in (PROC / str(pid) / "task").iterdir():
        with contextlib.suppress(OSError):  # a thread or a child may end meanwhile
            yield from (int(child) for child in (task / "children").read_text().split() if name_of(child) == name)


def running_in(folder, name):
    """The processes of this name whose working directory is `folder`, even if the process that started them is gone."""
    for link in PROC.glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):  # it may have ended meanwhile, or belong to another user
            if link.readlink() == folder and name_of(link.parent.name) == name:
                yield int(link.parent.name)


def memory_kib(pid, field="VmRSS"):
    """The memory that a process holds (VmRSS), or the most that it has held (VmHWM), in KiB; 0 when it has ended."""
    with contextlib.suppress(OSError):
        if found := re.search(rf"{field}:\s+(\d+)", (PROC / str(pid) / "status").read_text()):
            return int(found[1])
    return 0
