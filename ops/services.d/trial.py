"""`longhaul provider try` of a file of the catalogue, in which only what its page tells users to set is changed."""

import glob
import os
import re
import subprocess

from stage import ROOT, Wrong, check

SECONDS = 120


class Trial:
    def __init__(self, stage, provider, changes):
        """`changes`: old texts and new ones. Each old text must be in the file exactly once."""
        self.stage, self.provider, self.count = stage, provider, 0
        with open(os.path.join(ROOT, "ops/providers", f"{provider}.yaml")) as file:
            text = file.read()
        for old, new in changes.items():
            check(text.count(old) == 1, f"ops/providers/{provider}.yaml does not have the text {old} once")
            text = text.replace(old, new)
        self.file = stage.write(f"{provider}-{next(stage.numbers)}.yaml", text)

    def begin(self, parameters, secrets, *options):
        """Starts a trial. `options` are more options of `provider try`."""
        self.count += 1
        name = os.path.basename(self.file).replace(".yaml", f"-try-{self.count}")
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("LONGHAUL_", "AWS_", "OTEL_"))}
        command = [
            self.stage.program,
            "provider",
            "try",
            self.file,
            "--longest-wait",
            "1s",
            "--save",
            self.stage.path(f"{name}-files"),
            *options,
        ]
        for key, value in parameters.items():
            command += ["--parameter", f"{key}={value}"]
        return Running(self.stage, name, self.stage.start(name, command, environment | secrets))

    def run(self, parameters, secrets, *options):
        return self.begin(parameters, secrets, *options).succeeds()


class Running:
    """A trial that has begun."""

    def __init__(self, stage, name, process):
        self.stage, self.name, self.process = stage, name, process

    def says(self, text):
        """Waits until the trial has printed a text that matches."""
        self.stage.until(f"{self.name} to say {text}", lambda: re.search(text, self.stage.log(self.name)), self.process)
        return self

    def ended(self):
        try:
            return self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            raise Wrong(f"{self.name} has not ended after {SECONDS} s") from None

    def succeeds(self):
        """The files that were delivered: name and content. What the trial printed is in `log`."""
        code = self.ended()
        check(code == 0, f"{self.name} ended with {code}: {self.stage.tail(self.name)}")
        files = {}
        for path in glob.glob(self.stage.path(f"{self.name}-files", "*")):
            with open(path, "rb") as file:
                files[os.path.basename(path)] = file.read()
        return files

    def fails(self, text):
        """It must fail, and say a text that matches."""
        code = self.ended()
        check(code == 1, f"{self.name} ended with {code} and should have failed: {self.stage.tail(self.name)}")
        check(re.search(text, self.stage.log(self.name)), f"{self.name} failed, but does not say {text}: {self.stage.tail(self.name)}")

    @property
    def log(self):
        return self.stage.log(self.name)
