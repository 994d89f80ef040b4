"""The C programs of ops/bench.d/raw, compiled when they are needed."""
import os
import subprocess

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "raw")
LIBRARIES = {"rabbitmq": "rabbitmq", "redis": "hiredis", "http": "curl", "file": None, "s3": None, "stub": None}


def build(scratch, names):
    """Paths of the programs, compiled now."""
    paths = {}
    for name in names:
        paths[name] = f"{scratch}/raw-{name}"
        libraries = [f"-l{LIBRARIES[name]}"] if LIBRARIES[name] else []
        subprocess.run(
            ["cc", "-O2", "-Wno-deprecated-declarations", "-o", paths[name], f"{SOURCES}/{name}.c", *libraries, "-lpthread"], check=True)
    return paths
