"""deploy/compose.yaml is one that Docker's own tool accepts. (The containers are not run here: the tests use the native stack.)"""
import subprocess

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.long


def test_the_compose_file_is_valid():
    done = subprocess.run(["docker-compose", "-f", ROOT / "deploy" / "compose.yaml", "config", "--services"], capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split()) == ["kafka", "millrace", "postgres"]
