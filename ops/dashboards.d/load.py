"""A whole stack whose jobs meet everything that a dashboard shows: success, failures, throttling, an open breaker, a held provider, and
receivers of webhooks that fail, accept and refuse."""

import base64
import json
import urllib.parse
import urllib.request

from listener import Listener
from stack import Stack

OUTPUT = "s3://longhaul-dashboards/exports"
POLLING = "{ policy: fixed, interval: 500ms, maxWait: 1h, key: .parameters.report }"
# What each provider's file has besides that of the sandbox.
PROVIDERS = {
    "steady": "retry: { attempts: 2, base: 100ms, cap: 200ms }\n",
    "limited": "limits: { inFlight: 4, creates: 2/s, checks: 3/s }\n",
    "failing": "breaker: { window: 10s, minimum: 3, openFor: 1s, longest: 2s }\nretry: { attempts: 100, base: 100ms, cap: 500ms }\n",
    # Nobody sets the secret.
    "refused": 'auth: { bearer: "{{ .secrets.DASHBOARDS_NOWHERE }}" }\n',
}
# Where each provider's ends of jobs are told.
RECEIVERS = {"steady": "recovers", "limited": "gone"}
# The jobs of a wave: how many, at which provider, and with which parameters besides the common ones.
WAVE = (
    (12, "steady", {}),
    (1, "steady", {"files": 40, "bytesPerFile": 1000, "compression": "none"}),
    (2, "steady", {"faults": {"status:500": 1}}),
    (2, "steady", {"faults": {"download:500": 1}}),
    (2, "steady", {"faults": {"expiredLink": 1}}),
    (2, "steady", {"faults": {"failedExport": 1}}),
    (2, "steady", {"faults": {"corruptBody": "100%"}}),
    (5, "limited", {"faults": {"status:429": 1}}),
    (3, "failing", {"faults": {"status:500": 20}}),
    (1, "refused", {}),
)


class Load(Stack):
    def __init__(self, program):
        super().__init__(program, ("redis", "rabbitmq", "s3"))
        # Few places, so that files wait.
        self.environment.update(LONGHAUL_OUTPUT=OUTPUT, LONGHAUL_TRANSFERS="4")
        self.listener, self.waves = Listener(), 0
        self.environment.update(
            DASHBOARDS_HOOK=f"whsec_{base64.b64encode(bytes(32)).decode()}",
            OTEL_EXPORTER_OTLP_ENDPOINT=self.listener.url,
            OTEL_BSP_SCHEDULE_DELAY="500",
            # Some spans are dropped.
            OTEL_BSP_MAX_QUEUE_SIZE="64",
            OTEL_BSP_MAX_EXPORT_BATCH_SIZE="32",
        )

    def __exit__(self, *reason):
        super().__exit__(*reason)
        self.listener.close()

    def begin(self):
        """Starts the simulated API, two orchestrators and a worker."""
        self.run("setup", "--create-bucket")
        # A limit, and a wrong setting that does no harm below it.
        self.store.call(["CONFIG", "SET", "maxmemory", "1gb"], ["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"])
        # Somebody wants some of the events.
        self.management("PUT", "queues/%2F/dashboards.events", {"durable": True}).close()
        self.management("POST", "bindings/%2F/e/longhaul.events/q/dashboards.events", {"routing_key": "job.#"}).close()
        self.sandbox("--throttle-retry-after", "1s")
        for name, more in PROVIDERS.items():
            self.provider(POLLING, more + self.webhook(name), name)
        for name in ("orchestrator-1", "orchestrator-2", "worker-1"):
            self.role(name, name.partition("-")[0])

    def webhook(self, provider):
        if provider not in RECEIVERS:
            return ""
        url = f"{self.listener.url}/{RECEIVERS[provider]}"
        return f'webhook: {{ url: "{url}", secrets: ["{{{{ .secrets.DASHBOARDS_HOOK }}}}"] }}\n'

    def submit_wave(self):
        self.waves += 1
        path = f"{self.folder}/wave.ndjson"
        with open(path, "w") as lines:
            for kind, (number, provider, parameters) in enumerate(WAVE):
                for job in range(number):
                    usual = {"report": "orders", "durationSeconds": job % 6, "files": 1 + job % 3, "bytesPerFile": 20_000}
                    message = {
                        "exportJobId": f"wave-{self.waves}-{kind}-{job}",
                        "provider": provider,
                        "parameters": {**usual, **parameters},
                        "priority": ("normal", "high", "low")[job % 3],
                    }
                    lines.write(json.dumps(message) + "\n")
        self.run("submit", "--from", path)
        if self.waves == 2:
            self.disconnect()

    def disconnect(self):
        """Closes all connections to Redis and RabbitMQ, so that the processes connect again."""
        self.store.call(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"])
        for connection in json.load(self.management("GET", "connections")):
            self.management("DELETE", f"connections/{urllib.parse.quote(connection['name'])}").close()

    def management(self, method, path, body=None):
        url = urllib.parse.urlsplit(self.environment["LONGHAUL_RABBITMQ_MANAGEMENT"])
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(
            f"http://{url.hostname}:{url.port}/api/{path}", data, {"Content-Type": "application/json"}, method=method
        )
        request.add_header("Authorization", f"Basic {base64.b64encode(f'{url.username}:{url.password}'.encode()).decode()}")
        return urllib.request.urlopen(request, timeout=30)
