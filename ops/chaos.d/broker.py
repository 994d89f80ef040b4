"""RabbitMQ as operator and auditor see it, bypassing the proxies."""

import base64
import collections
import json
import random
import re
import urllib.error
import urllib.request
from urllib.parse import quote

import amqp

CHECKS, JOBS = "longhaul.checks", ["longhaul.jobs.high", "longhaul.jobs.normal", "longhaul.jobs.low"]
DOWNLOADS = ["longhaul.downloads.high", "longhaul.downloads.normal", "longhaul.downloads.low"]
DEAD_JOBS, DEAD_DOWNLOADS = "longhaul.jobs.dead", "longhaul.downloads.dead"
WORK = [CHECKS, *JOBS, *DOWNLOADS]
GROUPS = {"checks": [CHECKS], "jobs": JOBS, "downloads": DOWNLOADS}
COPIES = "chaos.copies"
EVENTS = "chaos.events"


class Broker:
    """Uses the management HTTP API, and AMQP where the API's numbers are too old."""

    def __init__(self, url, management):
        self.url = url
        login, self.base = re.fullmatch(r"http://([^@]+)@(.*)", management).groups()
        self.base = f"http://{self.base}/api"
        self.login = "Basic " + base64.b64encode(login.encode()).decode()
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.stash = {group: collections.deque(maxlen=600) for group in GROUPS}

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.base + path, data, {"Content-Type": "application/json", "Authorization": self.login}, method=method
        )
        with self.opener.open(request, timeout=10) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def purge(self, group):
        """Returns the number of purged messages."""
        with amqp.Queues(self.url) as queues:
            return sum(queues.purge(queue) for queue in GROUPS[group])

    def consumer_ports(self, group):
        """The ports of the connections that consume from these queues."""
        consumers = self.call("GET", "/consumers/%2F")
        return {consumer["channel_details"]["peer_port"] for consumer in consumers if consumer["queue"]["name"] in GROUPS[group]}

    # ---- copies of all messages by the broker's tracer (rabbitmq.com/docs/firehose), which is off after each restart

    def trace(self):
        self.call("PUT", f"/queues/%2F/{COPIES}", {"durable": True, "arguments": {"x-max-length": 1500}})
        self.call("POST", f"/bindings/%2F/e/amq.rabbitmq.trace/q/{COPIES}", {"routing_key": "publish.#"})
        self.call("PUT", "/vhosts/%2F", {"tracing": True})

    def end_trace(self):
        self.call("PUT", "/vhosts/%2F", {"tracing": False})
        self.call("DELETE", f"/queues/%2F/{COPIES}")

    def collect(self):
        """Moves the copies so far to the stash."""
        found = self.call("POST", f"/queues/%2F/{COPIES}/get", {"count": 1500, "ackmode": "ack_requeue_false", "encoding": "base64"})
        for copy in found:
            headers = copy["properties"]["headers"]
            key = headers["routing_keys"][0]
            for group, queues in GROUPS.items():
                if key in queues:
                    properties = {name: value for name, value in headers["properties"].items() if value is not None}
                    self.stash[group].append(
                        {
                            "routing_key": key,
                            "properties": properties,
                            "payload": copy["payload"],
                            "payload_encoding": copy["payload_encoding"],
                        }
                    )

    def duplicate(self, group, count, choice):
        """Publishes copies of messages again, late and in another order. Also returns waiting messages to their queue, so that the
        broker redelivers them out of order. Returns the number of copies."""
        self.collect()
        chosen = list(self.stash[group])
        random_ = random.Random(choice)
        chosen = random_.sample(chosen, min(count, len(chosen)))
        for queue in GROUPS[group]:
            self.call("POST", f"/queues/%2F/{quote(queue)}/get", {"count": 20, "ackmode": "reject_requeue_true", "encoding": "base64"})
        for copy in chosen:
            self.call("POST", "/exchanges/%2F/amq.default/publish", copy)
        return len(chosen)

    # ---- events, as a program receives them that is bound to all

    def bind_events(self):
        self.call("PUT", f"/queues/%2F/{EVENTS}", {"durable": True})
        self.call("POST", f"/bindings/%2F/e/longhaul.events/q/{EVENTS}", {"routing_key": "#"})

    def take_events(self):
        """All events so far, in the order of their publication."""
        while found := self.call("POST", f"/queues/%2F/{EVENTS}/get", {"count": 5000, "ackmode": "ack_requeue_false", "encoding": "auto"}):
            yield from (json.loads(message["payload"]) for message in found)

    # ---- the audit's view

    def queues(self):
        """Ready and unacknowledged messages of each work queue. The latter are from the broker's statistics, some seconds old."""
        found = {queue["name"]: queue.get("messages_unacknowledged", 0) for queue in self.call("GET", "/queues/%2F")}
        with amqp.Queues(self.url) as queues:
            return {name: (queues.ready(name), found.get(name, 0)) for name in WORK}

    def read(self, queue, most=5000):
        """Bodies of the messages in a queue, without removing them."""
        found = self.call("POST", f"/queues/%2F/{quote(queue)}/get", {"count": most, "ackmode": "ack_requeue_true", "encoding": "auto"})
        return [message["payload"] for message in found]


ERRORS = (OSError, urllib.error.URLError, ValueError)
