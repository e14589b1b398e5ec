"""Kills of the program at its fail points."""

import signal
import subprocess

from tests.support.shop import environment


def points_of(shop, command):
    """Every fail point that a command passes."""
    listing = shop.data.with_suffix(".points")
    shop.run(*command, env={"MILLRACE_FAIL_LIST": str(listing)})
    return sorted(set(listing.read_text().split()))


def kill_at(shop, command, point, passage):
    """Runs a command that kills itself at a fail point. False when it did not pass the fail point so many times."""
    try:
        done = subprocess.run(
            shop.command(*command),
            capture_output=True,
            timeout=30,
            env=environment({"MILLRACE_FAIL_AT": f"{point}:{passage}"}),
        )
    except subprocess.TimeoutExpired:
        return False
    assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
    return done.returncode == -signal.SIGKILL
