"""Compiles the C programs of ops/bench.d/raw when they are needed."""

import os
import shutil
import subprocess

from support import Failure

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "raw")
LIBRARIES = {"rabbitmq": "rabbitmq", "redis": "hiredis", "http": "curl", "file": None, "s3": None, "stub": None}


def build(scratch, names):
    """Compiles the programs and returns their paths."""
    paths = {}
    # A Swift toolchain includes clang; Debian's build tools include cc.
    compiler = shutil.which("cc") or shutil.which("clang")
    if not compiler:
        raise Failure("no C compiler: install gcc or clang")
    for name in names:
        paths[name] = f"{scratch}/raw-{name}"
        libraries = [f"-l{LIBRARIES[name]}"] if LIBRARIES[name] else []
        subprocess.run(
            [compiler, "-O2", "-Wno-deprecated-declarations", "-o", paths[name], f"{SOURCES}/{name}.c", *libraries, "-lpthread"], check=True
        )
    return paths
