"""A runbook page as a bash script: the `sh` blocks of its sections, from top to bottom, unchanged."""

import os
import re

SECTIONS = ("Symptom", "Meaning", "Diagnose", "Fix", "Verify")
# The sections whose blocks run.
RUN = ("Diagnose", "Fix", "Verify")

# `reached` marks the block in the output, and waits until whoever operates the stack has done their part. `stopped` names the command of
# Verify that failed.
BEGIN = """\
reached() {
    printf '=== %s\\n' "$*"
    service reached "$*" || exit 70
}
stopped() { printf '=== stopped\\n%s\\n' "exit code $1: $2"; }
"""
VERIFY = """\
set -e
trap 'stopped "$?" "$BASH_COMMAND"' ERR
"""
PASSED = "printf '=== passed\\n'\n"


class Malformed(Exception):
    """The page is not written as pages are; the message says why."""


class Page:
    def __init__(self, name, text):
        self.name, self.blocks = name, {}
        parts = re.split(r"(?m)^## (.*)\n", text)
        found = dict(zip(parts[1::2], parts[2::2]))
        for section in SECTIONS:
            if section not in found:
                raise Malformed(f"{name}: no section {section}")
        for section in RUN:
            self.blocks[section] = re.findall(r"(?ms)^```sh\n(.*?)^```$", found[section])
            if not self.blocks[section]:
                raise Malformed(f"{name}: no commands in {section}")

    @classmethod
    def read(cls, folder, name):
        with open(os.path.join(folder, f"{name}.md")) as file:
            return cls(name, file.read())

    def script(self):
        """All blocks for one bash."""
        script = BEGIN
        for section in RUN:
            script += VERIFY if section == "Verify" else ""
            for number, block in enumerate(self.blocks[section], 1):
                script += f"reached {section} {number}\n{block}"
        return script + PASSED

    def diagnosis(self):
        """Only the blocks of Diagnose: they change nothing, so they may run again until they show the symptom."""
        return "".join(self.blocks["Diagnose"])


def names(folder):
    return sorted(name.removesuffix(".md") for name in os.listdir(folder) if name.endswith(".md") and name != "README.md")


def printed(output):
    """What each block printed, by its name, such as `Fix 2`; `stopped` and `passed` at the end."""
    parts = re.split(r"(?m)^=== (.*)\n", output)
    return dict(zip(parts[1::2], parts[2::2]))
