"""Docker's own tool accepts deploy/compose.yaml, and the image has the libraries that the program needs.

The tests run no container; they start the services with scripts/stack.py.
"""

import pathlib
import re
import subprocess

import pytest

from tests.support.paths import BUILD, ROOT


def test_the_image_has_the_libraries_that_the_program_needs():
    installed = set(re.findall(r"[a-z0-9.+-]+", (ROOT / "deploy" / "Dockerfile").read_text()))
    needed = re.findall(
        r"NEEDED.*\[(.+)\]",
        subprocess.run(["readelf", "-d", BUILD / "millrace"], capture_output=True, text=True, check=True).stdout,
    )
    found = dict(
        re.findall(
            r"^\s+(\S+) => (\S+)",
            subprocess.run(["ldd", BUILD / "millrace"], capture_output=True, text=True, check=True).stdout,
            re.M,
        )
    )
    missing = []
    for library in needed:
        owner = subprocess.run(
            ["dpkg", "-S", pathlib.Path(found.get(library, library)).resolve()], capture_output=True, text=True
        ).stdout.split(":")[0]
        if owner and owner not in installed | {"libc6", "libstdc++6", "libgcc-s1"}:
            missing.append((library, owner))
    assert len(needed) > 10 and missing == []


@pytest.mark.long
def test_the_compose_file_is_valid():
    done = subprocess.run(
        ["docker-compose", "-f", ROOT / "deploy" / "compose.yaml", "config", "--services"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split()) == ["kafka", "millrace", "postgres"]
