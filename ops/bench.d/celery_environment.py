"""The virtual environment of Celery: .build-celery, created when it is first needed."""

import os
import subprocess
import sys

from stack import ROOT
from support import Failure, say

FOLDER = os.path.join(ROOT, ".build-celery")
PYTHON = os.path.join(FOLDER, "bin/python3")
PACKAGES = ("celery==5.7.0", "gevent==26.9.0", "redis==8.1.0", "urllib3==2.8.0")


def ready():
    """Returns the path of the Python that has the packages."""
    mark = os.path.join(FOLDER, "installed")
    try:
        with open(mark) as installed:
            if installed.read() == " ".join(PACKAGES):
                return PYTHON
    except OSError:
        pass  # not created yet, or not completely
    say(f"making .build-celery with {' '.join(PACKAGES)}")
    subprocess.run([python(), "-m", "venv", "--clear", FOLDER], check=True)
    subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES], check=True, stdout=sys.stderr)
    with open(mark, "w") as installed:
        installed.write(" ".join(PACKAGES))
    return PYTHON


def python():
    """The first Python that can create an environment. Debian's lacks ensurepip without python3-venv."""
    for candidate in ("/usr/bin/python3", sys.executable, "/usr/local/bin/python3"):
        if (
            os.path.exists(candidate)
            and subprocess.run([candidate, "-c", "import venv, ensurepip"], stderr=subprocess.DEVNULL).returncode == 0
        ):
            return candidate
    raise Failure("no Python that can make a virtual environment; install python3-venv")
