"""Servers, their proxies, and the program's processes. Ends what it started, by process id."""

import base64
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from urllib.parse import urlsplit

import providers
import proxy

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Exit code if a server could not be reached at the start (ops/docs/settings.md): the supervisor starts the process again.
UNREACHABLE = 69


class Process:
    """One of the program's processes, which keeps its name across restarts."""

    def __init__(self, stack, name, *arguments, environment=None):
        self.stack, self.name, self.arguments = stack, name, arguments
        self.environment = environment or stack.environment
        self.log = os.path.join(stack.folder, f"{name}.log")
        self.lock = threading.Lock()
        self.popen, self.wanted, self.frozen = None, False, False
        self.start()

    def start(self):
        with self.lock:
            if self.stack.is_over.is_set():
                return
            self.wanted = True
            with open(self.log, "ab") as log:
                # In its own session, so that Ctrl-C in the terminal does not reach it.
                self.popen = subprocess.Popen(
                    [self.stack.program, *self.arguments],
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def signal(self, number):
        if self.popen.poll() is None:
            self.popen.send_signal(number)

    def kill(self):
        with self.lock:
            self.wanted = False
            self.signal(signal.SIGKILL)
            self.popen.wait()
            self.frozen = False

    def freeze(self):
        self.frozen = True
        self.signal(signal.SIGSTOP)

    def thaw(self):
        self.frozen = False
        self.signal(signal.SIGCONT)

    def stop(self, seconds=30):
        """Stops it gracefully. Returns the exit code, or None if it had to be killed."""
        with self.lock:
            self.wanted = False
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
            try:
                return self.popen.wait(seconds)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
                return None

    def supervise(self):
        """Starts it again if it has exited by itself. Returns the problem, or None if this is allowed."""
        with self.lock:
            code = self.popen.poll() if self.wanted else None
            if code is None:
                return None
        self.start()
        return None if code == UNREACHABLE else f"{self.name} ended by itself with code {code}; its log: {self.log}"


class Stack:
    def __init__(self, program, say, name="chaos"):
        self.program, self.say = program, say
        self.folder = tempfile.mkdtemp(prefix=f"longhaul-{name}-")
        self.servers = os.path.join(self.folder, "servers")
        self.processes, self.proxies, self.deaths = {}, {}, []
        # No process is started from here on.
        self.is_over, self.servers_lock = threading.Event(), threading.Lock()
        self.submitting = None
        self.direct, self.environment = {}, {}

    def run(self, *command, **options):
        return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout

    def server(self, command, name=None):
        """`ops/servers`."""
        with self.servers_lock:
            if not self.is_over.is_set():
                self.run(f"{ROOT}/ops/servers", command, self.servers, *([name] if name else []), start_new_session=True)

    def submit(self, path):
        """Submits the jobs in a file. Returns whether all were confirmed."""
        with open(os.path.join(self.folder, "submit.log"), "ab") as log:
            self.submitting = subprocess.Popen(
                [self.program, "submit", "--from", path],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        try:
            return self.submitting.wait(30) == 0
        except subprocess.TimeoutExpired:
            self.submitting.kill()
            self.submitting.wait()
            return False

    def up(self, lease, watchdog):
        self.server("up")
        self.direct = dict(re.findall(r"export (\w+)='?([^'\n]*)'?", self.run(f"{ROOT}/ops/servers", "env", self.servers)))
        self.loop = proxy.start_loop()
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(("LONGHAUL_", "AWS_", "OTEL_"))}
        self.environment |= self.direct | {
            "LONGHAUL_REDIS_URL": self.behind_proxy("redis", self.direct["LONGHAUL_REDIS_URL"]),
            "LONGHAUL_RABBITMQ_URL": self.behind_proxy("rabbitmq", self.direct["LONGHAUL_RABBITMQ_URL"]),
            "AWS_ENDPOINT_URL_S3": self.behind_proxy("s3", self.direct["AWS_ENDPOINT_URL_S3"]),
            "LONGHAUL_PROVIDERS": f"{self.folder}/providers",
            "LONGHAUL_OUTPUT": "s3://longhaul-chaos/exports",
            "LONGHAUL_EGRESS": "127.0.0.0/8",
            "LONGHAUL_HEALTH_PORT": "0",
            "LONGHAUL_SECRETS_KEY": base64.b64encode(os.urandom(32)).decode(),
            **providers.SECRETS,
            "LONGHAUL_EVENTS": "all",
            "LONGHAUL_LEASE": f"{lease:g}s",
            "LONGHAUL_WATCHDOG": f"{watchdog:g}s",
        }
        self.environment.pop("LONGHAUL_RABBITMQ_MANAGEMENT", None)
        # The sweep of dead workers' partial uploads must happen within the run, if the program has a setting for it.
        if "LONGHAUL_STALE_UPLOADS" in self.run(self.program, "settings", env=self.environment):
            self.environment["LONGHAUL_STALE_UPLOADS"] = "60s"
        os.makedirs(f"{self.folder}/providers")
        self.run("curl", "--noproxy", "*", "-fsS", "-X", "PUT", self.direct["AWS_ENDPOINT_URL_S3"] + "/longhaul-chaos")
        self.run(self.program, "setup", env=self.environment)

    def behind_proxy(self, name, url):
        """The same URL with the port of its proxy."""
        port = urlsplit(url.split(",")[0]).port
        self.proxies[name] = proxy.Proxy(name, port, self.loop)
        return url.replace(f":{port}", f":{self.proxies[name].port}")

    def sandbox(self, name, options):
        """Starts a simulated API. Returns its URL, and the base URL for provider files, which goes through a proxy."""
        self.start(name, "sandbox", "--port", "0", "--log", f"{self.folder}/{name}.ndjson", *options)
        url = until(lambda: re.search(r"http://[\d.:]+", self.log(name)), 20, f"{name} does not come up").group()
        return url, self.behind_proxy("api" if name == "sandbox" else name, url) + "/v2"

    def provider(self, name, api, lines):
        """Writes the provider file of a simulated API. `api`: its base URL. `lines`: what replaces lines of the file, or is added to it, by
        the key; a key below the top level has the line above it, or its indentation."""
        with open(f"{ROOT}/compose/providers/sandbox.yaml") as source:
            text = source.read()
        for key, value in {"provider": name, "baseURL": api, **lines}.items():
            line = f"{key}: {value}\n"
            text = re.sub(rf"(?m)^{key}:.*\n", line, text) if re.search(rf"(?m)^{key}:", text) else text + line
        with open(f"{self.folder}/providers/{name}.yaml", "w") as target:
            target.write(text)

    def start(self, name, *arguments, environment=None):
        self.processes[name] = Process(self, name, *arguments, environment=environment)

    def log(self, name):
        with open(f"{self.folder}/{name}.log", errors="replace") as lines:
            return lines.read()

    def supervise(self):
        """Runs until the end. Starts a process again that exits by itself, as in production, and records the exit."""
        while not self.is_over.wait(1):
            for process in list(self.processes.values()):
                death = process.supervise()
                if death:
                    self.deaths.append(death)

    def down(self, keep):
        self.is_over.set()
        if self.submitting and self.submitting.poll() is None:
            self.submitting.kill()
        for process in self.processes.values():
            process.wanted = False
            process.signal(signal.SIGCONT)
            process.signal(signal.SIGTERM)
        for process in self.processes.values():
            process.stop(3)
        # Waits for a server that is being started.
        with self.servers_lock:
            if os.path.isdir(self.servers):
                subprocess.run([f"{ROOT}/ops/servers", "down", self.servers], check=False, stdout=subprocess.DEVNULL)
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)


def until(condition, seconds, what, pause=0.1):
    """Waits for the first true value of `condition` and returns it."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"{what} within {seconds:g} s")
        time.sleep(pause)
