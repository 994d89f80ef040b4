"""Private servers, the polled API and the program's processes in a scratch folder. Ends what it started, by process id."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import urllib.request

from amqp import Queues
from observers import Collector, bind_events
from programs import build
from store import Store
from support import Failure, until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SANDBOX = ("--duration", "fixed:12h", "--retry-after", "off", "--max-exports", "5000000")
# High enough that no request waits: the work of the limits is measured, not their effect.
LIMITS = "limits: { inFlight: 1000000, creates: 1000000/s, checks: 1000000/s }\n"


class Stack:
    def __init__(self, program, servers=("redis", "rabbitmq"), bare=False, traced=False, observed=False, **settings):
        self.program, self.bare, self.observed = program, bare, observed
        self.collector = Collector() if traced or observed else None
        if bare:
            settings.update(LONGHAUL_EVENTS="none", LONGHAUL_TRAIL="none", LONGHAUL_LOG_LEVEL="error")
        if self.collector:
            settings.update(self.collector.environment())
        self.folder = tempfile.mkdtemp(prefix="longhaul-bench-")
        # The measurement must not include syncing files: object storage does that on other machines.
        self.output = tempfile.mkdtemp(prefix="longhaul-bench-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
        self.processes, self.ports, self.submitted = {}, {}, 0
        try:
            self.servers("up", *servers)
            self.environment = {name: value for name, value in os.environ.items() if not name.startswith(("LONGHAUL_", "AWS_", "OTEL_"))}
            self.environment.update(re.findall(r"export (\w+)='?([^'\n]*)'?", self.servers("env")))
            self.environment.update(
                LONGHAUL_PROVIDERS=f"{self.folder}/providers",
                LONGHAUL_EGRESS="127.0.0.0/8",
                LONGHAUL_HEALTH_PORT="0",
                LONGHAUL_OUTPUT=f"file://{self.output}",
                **settings,
            )
            self.store = Store(self.environment["LONGHAUL_REDIS_URL"])
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # A second Ctrl-C must not leave servers behind.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        for process in self.processes.values():
            process.send_signal(signal.SIGCONT)
            process.send_signal(signal.SIGTERM)
        for name in list(self.processes):
            self.stop(name, seconds=5)
        subprocess.run([f"{ROOT}/ops/servers", "down", f"{self.folder}/servers"], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.output, ignore_errors=True)
        if self.collector:
            self.collector.close()
        signal.signal(signal.SIGINT, before)

    def servers(self, command, *names):
        return subprocess.run(
            [f"{ROOT}/ops/servers", command, f"{self.folder}/servers", *names], check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    def start(self, name, *command, **options):
        """Starts a process in its own session, so that Ctrl-C in the terminal does not reach it."""
        with open(self.log(name), "ab") as log:
            self.processes[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **{"env": self.environment, **options}
            )

    def stop(self, name, seconds=40):
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            # It leads its own process group, so its children end with it.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def log(self, name):
        return f"{self.folder}/{name}.log"

    def logged(self, name):
        with open(self.log(name), errors="replace") as log:
            return log.read()

    def pid(self, name):
        """The process id of a process that was started here, or of a server."""
        if name in self.processes:
            return self.processes[name].pid
        return int(re.search(rf"(?m)^{name} +(\d+) running", self.servers("status")).group(1))

    def run(self, *arguments):
        subprocess.run([self.program, *arguments], env=self.environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def set_up(self):
        self.run("setup")
        if self.observed:
            bind_events(self.environment["LONGHAUL_RABBITMQ_URL"])

    def role(self, name, role):
        """Starts an orchestrator or a worker and returns when it is ready."""
        self.ports[name] = free_port()
        self.start(name, self.program, role, "--health-port", str(self.ports[name]))
        until(lambda: self.is_ready(name), 60, f"{name} that is ready", pause=0.005)

    def is_ready(self, name):
        if self.processes[name].poll() is not None:
            raise Failure(f"{name} has ended: {self.logged(name)[-500:]}")
        try:
            return bool(self.page(self.ports[name], "readyz"))
        except OSError:
            return False

    def page(self, port, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=30) as page:
            return page.read().decode()

    def sandbox(self, *options):
        """Starts the simulated API. Its exports do not become ready unless the job or an option says so."""
        port = free_port()
        self.start("sandbox", self.program, "sandbox", "--port", str(port), *SANDBOX, *options)
        self.api = f"http://127.0.0.1:{port}"
        until(self.requests, 30, "sandbox")

    def stub(self, *options):
        """Starts an API that costs a fraction of the simulated one and gives the same responses. Its exports never become ready, or are
        ready at once (`ready`)."""
        already = len(self.logged("stub")) if os.path.exists(self.log("stub")) else 0
        self.start("stub", build(self.folder, ["stub"])["stub"], "0", *options)
        port = until(lambda: re.match(r"(\d+)\n", self.logged("stub")[already:]), 10, "port of the stub").group(1)
        self.api = f"http://127.0.0.1:{port}"

    def requests(self):
        """The number of requests of each kind to the API, and its counts of exports, such as `created`."""
        try:
            with urllib.request.urlopen(f"{self.api}/_sandbox/stats", timeout=30) as page:
                answer = json.load(page)
            return {**answer["requests"], **answer["exports"]}
        except OSError:
            return None

    def provider(self, polling, more=LIMITS, name="sandbox", status=""):
        """Writes a provider file for the API, which an orchestrator reads when it starts. `status` is more lines of that mapping."""
        os.makedirs(f"{self.folder}/providers", exist_ok=True)
        with open(f"{ROOT}/compose/providers/sandbox.yaml") as source:
            text = re.sub(r"(?m)^baseURL:.*", f"baseURL: {self.api}/v2", source.read())
        text = re.sub(r"(?m)^provider:.*", f"provider: {name}", text)
        text = text.replace("\nstatus:\n", f"\nstatus:\n{status}", 1)
        with open(f"{self.folder}/providers/{name}.yaml", "w") as target:
            target.write(re.sub(r"(?m)^polling:.*", f"polling: {polling}", text) + more)

    def submit(self, jobs, parameters):
        """Submits job messages to RabbitMQ. Returns the names of the jobs."""
        names = [f"0d7f4c2e-5a52-4b21-8000-{number:012d}" for number in range(self.submitted, self.submitted + jobs)]
        self.submitted += jobs
        path = f"{self.folder}/jobs.ndjson"
        with open(path, "w") as lines:
            for name in names:
                lines.write(json.dumps({"exportJobId": name, "provider": "sandbox", "parameters": parameters}) + "\n")
        self.run("submit", "--from", path)
        return names

    def clear(self):
        """Resets the store and removes old wakes, for the next measurement on the same servers."""
        self.store.call(["FLUSHDB"])
        with Queues(self.environment["LONGHAUL_RABBITMQ_URL"]) as queues:
            queues.purge("longhaul.checks")
        self.run("setup")


def free_port():
    with socket.socket() as candidate:
        candidate.bind(("127.0.0.1", 0))
        return candidate.getsockname()[1]
