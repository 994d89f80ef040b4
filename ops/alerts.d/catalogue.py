"""The metrics that Longhaul serves."""

import json
import os
import re
import subprocess


def served(root, program):
    """The metrics by name, as they are in queries, with their labels. `program`: longhaul; without it the documentation is read."""
    return {name: labels for metric in (of_program(program) if program else of_page(root)) for name, labels in series(*metric)}


def of_program(program):
    lines = subprocess.run([program, "metrics", "--json"], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    for metric in map(json.loads, lines):
        yield metric["name"], metric["kind"], set(metric["labels"])


def of_page(root):
    """The table in ops/docs/metrics.md, which a test compares with the program."""
    with open(os.path.join(root, "ops/docs/metrics.md")) as page:
        for name, kind, labels in re.findall(r"(?m)^\| `(\w+)` \| (\w+) \| ([^|]*) \|", page.read()):
            yield name, kind, set(re.findall(r"`(\w+)`", labels))


def series(name, kind, labels):
    if kind != "histogram":
        return [(name, labels)]
    return [(f"{name}_bucket", labels | {"le"}), (f"{name}_sum", labels), (f"{name}_count", labels)]
