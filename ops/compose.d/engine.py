"""The Docker engine and the images of the compose file."""

import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STAND_INS = os.environ.get("LONGHAUL_STAND_INS") or os.path.join(os.path.dirname(ROOT), "shared/stand-ins/make")


class NoEngine(Exception):
    pass


def say(text):
    print(f"ops/compose: {text}", file=sys.stderr, flush=True)


class Engine:
    """A running engine as a context manager. An engine that was started here is stopped at the end."""

    def __init__(self):
        self.was_running = answers()
        self.can_pull = True

    def __enter__(self):
        if self.was_running and has_compose():
            return self
        if not os.access(STAND_INS, os.X_OK):
            raise NoEngine(
                "no Docker engine answers, or it has no compose plugin; install and start one (https://docs.docker.com/engine/install)"
            )
        say("starting a Docker engine")
        if not quiet(STAND_INS, seconds=900) or not answers() or not has_compose():
            raise NoEngine("a Docker engine cannot run here")
        return self

    def __exit__(self, *_):
        if self.was_running:
            return
        with open("/var/run/docker.pid") as file:
            subprocess.run(["kill", file.read().strip()], check=False)

    def provide(self, images):
        """Pulls missing images, or has stand-ins built. Returns the available images."""
        return [image for image in images if has(image) or self.pull(image) or self.stand_in(image)]

    def pull(self, image):
        if not self.can_pull:
            return False
        say(f"pulling {image}")
        try:
            pulled = subprocess.run(["docker", "pull", "-q", image], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
        except subprocess.TimeoutExpired:
            self.can_pull = False
            say(f"cannot pull {image} within 600 s")
            return False
        if pulled.returncode != 0:
            # If a registry cannot be reached for one image, it cannot be reached for the next one.
            self.can_pull = "manifest unknown" in pulled.stderr or "not found" in pulled.stderr
            say(f"cannot pull {image}: {pulled.stderr.strip()}")
        return pulled.returncode == 0

    def stand_in(self, image):
        if not os.access(STAND_INS, os.X_OK):
            return False
        say(f"making a stand-in for {image}")
        if not quiet(STAND_INS, image, seconds=1200):
            raise NoEngine(f"no stand-in for {image}; see what {STAND_INS} {image} prints")
        return has(image)


def answers():
    return shutil.which("docker") is not None and quiet("docker", "info")


def has_compose():
    return quiet("docker", "compose", "version")


def has(image):
    return quiet("docker", "image", "inspect", image)


def quiet(*command, seconds=60):
    """Whether the command succeeds in time."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=seconds)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
