"""A stack as an operator has it: its services are started, stopped and restarted by name."""

import socket
import threading
import urllib.error
import urllib.request

import broker
import store
from stack import until
from submitted import Submitted

ROLES = ("orchestrator", "worker")
LEASE = 5
POLLING = "{ policy: fixed, interval: 500ms, maxWait: 1h }"
RETRY = "{ attempts: 2, base: 100ms, cap: 200ms }"


class Operated(Submitted):
    def __init__(self, program, say):
        super().__init__(program, say, "faults")
        self.ports = {}

    def behind_proxy(self, name, url):
        """Without proxies: a stopped server refuses connections."""
        return url

    def begin(self, token="faults", orchestrators=1, workers=1, secret=None, **lines):
        """Starts servers, the simulated API, and services. `token`: what the API wants. `lines`: of the provider file."""
        self.up(LEASE, 2 * LEASE)
        self.environment |= secret or {"FAULTS_TOKEN": "faults"}
        self.store = store.Store(self.direct["LONGHAUL_REDIS_URL"])
        self.broker = broker.Broker(self.direct["LONGHAUL_RABBITMQ_URL"], self.direct["LONGHAUL_RABBITMQ_MANAGEMENT"])
        self.url, self.api = self.sandbox("sandbox", ["--token", token, "--retry-after", "off"])
        self.write_provider(**lines)
        for role, count in (("orchestrator", orchestrators), ("worker", workers)):
            for number in range(1, count + 1):
                name = f"{role}-{number}"
                self.ports[name] = free_port()
                self.start(name, role, "--health-port", str(self.ports[name]))
        for name in self.ports:
            until(lambda name=name: self.ready(name) == 200, 60, f"{name} is not ready")
        threading.Thread(target=self.supervise, daemon=True).start()

    def write_provider(self, **lines):
        """Writes the provider file. Services read it again within two seconds."""
        usual = {"auth": '{ bearer: "{{ .secrets.FAULTS_TOKEN }}" }', "polling": POLLING, "retry": RETRY}
        self.provider("sandbox", self.api, {**usual, **lines})

    def ready(self, name):
        """The status code of /readyz, or None without an answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[name]}/readyz", timeout=2) as answer:
                return answer.status
        except urllib.error.HTTPError as answer:
            return answer.code
        except OSError:
            return None

    def server(self, command, name=None):
        super().server(command, name)
        if name == "redis":
            # Its connection has ended.
            self.store.redis = None

    def service(self, command, *names):
        for name in names:
            if name not in ROLES:
                for word in ("stop", "start") if command == "restart" else (command,):
                    self.server(word, name)
                continue
            for process in [process for key, process in self.processes.items() if key.startswith(f"{name}-")]:
                if command in ("stop", "restart"):
                    # A frozen process does not see SIGTERM. Whatever manages services kills it then.
                    process.kill() if process.frozen else process.stop()
                if command in ("start", "restart"):
                    process.start()


def free_port():
    with socket.socket() as candidate:
        candidate.bind(("127.0.0.1", 0))
        return candidate.getsockname()[1]
