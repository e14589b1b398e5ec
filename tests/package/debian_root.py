"""An empty Debian 12 to install packages in: a folder that processes are confined to with chroot."""

import contextlib
import fcntl
import os
import pathlib
import re
import shutil
import subprocess

from tests.support.paths import ROOT

SUITES = ("bookworm", "bookworm-updates", "bookworm-security")
CACHE = ROOT / "build" / "debian-root"


def why_not():
    """Why this machine can't make one, or None."""
    if os.getuid() != 0:
        return "chroot needs root"
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
        return "this machine allows no mounts"
    if not shutil.which("mmdebstrap"):
        return "mmdebstrap is not installed; run MILLRACE_SETUP=long scripts/setup.sh"
    if not sources():
        return "apt's configuration on this machine names no source of Debian 12"
    return None


def sources():
    """The sources of Debian 12 that apt has on this machine, one a line of sources.list."""
    apt = pathlib.Path("/etc/apt")
    found = []
    for path in [apt / "sources.list", *sorted(apt.glob("sources.list.d/*.list"))]:
        for line in path.read_text().splitlines() if path.exists() else ():
            if match := re.match(r"deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)", line):
                found.append((match[1], match[2], match[3].split()))
    for path in sorted(apt.glob("sources.list.d/*.sources")):
        for stanza in path.read_text().split("\n\n"):
            field = dict(re.findall(r"(?m)^([A-Za-z-]+):\s*(.*)$", stanza))
            if "deb" not in field.get("Types", "").split() or field.get("Enabled") == "no":
                continue
            for uri in field.get("URIs", "").split():
                found += [(uri, suite, field.get("Components", "").split()) for suite in field["Suites"].split()]
    return [f"deb {uri} {suite} main" for uri, suite, parts in found if suite in SUITES and "main" in parts]


def apt_options():
    """How apt reaches its sources on this machine, such as through a proxy."""
    dumped = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    lines = re.findall(r'(?m)^(Acquire::(?:https?|Check|Retries)\S* "[^"]+");$', dumped)
    return [f"--aptopt={line}" for line in lines]


@contextlib.contextmanager
def alone():
    """Keeps the other workers of the test run from the empty system and from the archives, which they share."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def base():
    """The empty system, which is kept under build/ until apt has other sources on this machine."""
    made, unfinished, listed = CACHE / "base", CACHE / "unfinished", CACHE / "sources.list"
    wanted = "\n".join(sources()) + "\n"
    with alone():
        if not made.exists() or listed.read_text() != wanted:
            for old in (made, unfinished, CACHE / "archives"):
                shutil.rmtree(old, ignore_errors=True)
            listed.write_text(wanted)
            command = ["mmdebstrap", "--mode=root", "--variant=minbase", "--quiet", *apt_options(), "bookworm"]
            subprocess.run([*command, unfinished, listed], check=True)
            unfinished.rename(made)
    return made


class DebianRoot:
    """A copy of the empty system. Its processes share this machine's network."""

    def __init__(self, folder):
        self.folder = folder
        subprocess.run(["cp", "-a", "--reflink=auto", base(), folder], check=True)
        archives = CACHE / "archives"
        archives.mkdir(exist_ok=True)
        (folder / "etc/apt/apt.conf.d/99keep").write_text('APT::Keep-Downloaded-Packages "true";\n')
        (folder / "etc/dpkg/dpkg.cfg.d").mkdir(exist_ok=True)
        (folder / "etc/dpkg/dpkg.cfg.d/fast").write_text("force-unsafe-io\n")  # no sync after each file
        self.mounts = {folder / "proc": ["-t", "proc", "proc"], folder / "var/cache/apt/archives": ["--bind", archives]}

    @contextlib.contextmanager
    def mounted(self):
        done = []
        try:
            for place, what in self.mounts.items():
                subprocess.run(["mount", *what, place], check=True)
                done.append(place)
            yield self
        finally:
            for place in reversed(done):
                subprocess.run(["umount", "-l", place], check=True)

    def command(self, *arguments, user="root", env=None):
        """A process in this system with none of this machine's environment."""
        variables = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/", "LC_ALL": "C.UTF-8", **(env or {})}
        return [
            "env",
            "-i",
            *(f"{name}={value}" for name, value in variables.items()),
            "chroot",
            f"--userspec={user}:{user}",
            self.folder,
            *arguments,
        ]

    def run(self, *arguments, code=0, input=None, **how):
        done = subprocess.run(
            self.command(*arguments, **how), capture_output=True, text=True, input=input, timeout=1800
        )
        assert done.returncode == code, f"{arguments} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def apt(self, *arguments):
        with alone():
            return self.run(
                "apt-get",
                "--quiet",
                "--yes",
                "--no-install-recommends",
                *arguments,
                env={"DEBIAN_FRONTEND": "noninteractive"},
            )
