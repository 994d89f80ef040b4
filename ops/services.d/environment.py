"""The virtual environments of the services below .build-services, each made when it is first needed."""

import fcntl
import os
import shutil
import subprocess
import sys

from stage import ROOT, Wrong, say

FOLDER = os.path.join(ROOT, ".build-services")


class Environment:
    """Python packages with exactly the versions of requirements/NAME.txt, and beside them `data`: what the service's set-up has made."""

    def __init__(self, name):
        self.name, self.folder = name, os.path.join(FOLDER, name)
        self.python, self.data = os.path.join(self.folder, "venv/bin/python"), os.path.join(self.folder, "data")
        self.requirements = os.path.join(os.path.dirname(os.path.abspath(__file__)), "requirements", f"{name}.txt")

    def program(self, name):
        return os.path.join(self.folder, "venv/bin", name)

    def ready(self, set_up=None):
        """Makes it, if it is missing or has other versions. `set_up` then fills `data`: migrating an empty database takes a minute."""
        os.makedirs(FOLDER, exist_ok=True)
        # Two runs at once must not make the environment under each other's hands.
        with open(f"{self.folder}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self.is_ready():
                self.make(set_up)
        return self

    def is_ready(self):
        try:
            with open(self.requirements) as wanted, open(os.path.join(self.folder, "installed")) as installed:
                return wanted.read() == installed.read()
        except OSError:
            return False  # not made yet, or not completely

    def make(self, set_up):
        say(f"making .build-services/{self.name} (once, some minutes)")
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.data)
        self.run([python(), "-m", "venv", os.path.join(self.folder, "venv")])
        self.run([self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", self.requirements])
        if set_up:
            set_up(self)
        shutil.copy(self.requirements, os.path.join(self.folder, "installed"))

    def run(self, command, environment=None):
        log = os.path.join(self.folder, "make.log")
        with open(log, "ab") as file:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=os.environ | (environment or {}))
        if done.returncode != 0:
            raise Wrong(f"{' '.join(command)} ended with {done.returncode}; see {log}")


def python():
    """A Python that can make an environment, of the version that the requirements were written with. Debian 12 has it."""
    test = "import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 11))"
    for candidate in ("/usr/bin/python3", "/usr/bin/python3.11", sys.executable, "/usr/local/bin/python3"):
        if os.path.exists(candidate) and subprocess.run([candidate, "-c", test], stderr=subprocess.DEVNULL).returncode == 0:
            return candidate
    raise Wrong("no Python 3.11 that can make a virtual environment; install python3-venv")
