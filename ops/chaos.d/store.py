"""The store as an auditor sees it: reads Redis directly, bypassing the proxies. ops/docs/store.md describes the keys."""

import collections
import json
import re
import socket

STATUSES = ("PENDING", "POLLING", "READY", "PROCESSING", "COMPLETED", "FAILED")
# The parts of a job's field `progress`.
PROGRESS = ("version", "claims", "attempts", "failures", "unusableAnswers", "lastPollAt", "nextPollAt")


class Redis:
    """The part of RESP2 that reading needs, pipelined."""

    def __init__(self, url):
        host, port, database = re.fullmatch(r"redis://([^:/]+):(\d+)/(\d+)", url).groups()
        self.socket = socket.create_connection((host, int(port)), 5)
        self.socket.settimeout(20)
        self.stream = self.socket.makefile("rb")
        self.call(["SELECT", database])

    def call(self, *commands):
        """The replies to commands, each of which is a list of words."""
        out = bytearray()
        for command in commands:
            words = [word if isinstance(word, bytes) else str(word).encode() for word in command]
            out += b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
        self.socket.sendall(out)
        return [self.answer() for _ in commands]

    def answer(self):
        line = self.stream.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("Redis closed the connection")
        kind, text = line[:1], line[1:-2]
        if kind == b"-":
            raise ValueError(text.decode())
        if kind in b"+":
            return text.decode()
        if kind == b":":
            return int(text)
        if kind == b"$":
            size = int(text)
            return None if size < 0 else self.stream.read(size + 2)[:-2].decode(errors="replace")
        return [self.answer() for _ in range(int(text))]


class Store:
    def __init__(self, url):
        self.url, self.redis = url, None
        self.partitions = 16

    def call(self, *commands):
        """Like `Redis.call`, in batches. Reconnects after a failure."""
        try:
            self.redis = self.redis or Redis(self.url)
            answers = []
            for first in range(0, len(commands), 200):
                answers += self.redis.call(*commands[first : first + 200])
            return answers
        except (OSError, ValueError):
            self.redis = None
            raise

    def tag(self, job):
        """FNV-1a, as in `JobID.partition`."""
        number = 2_166_136_261
        for byte in job.encode():
            number = (number ^ byte) * 16_777_619 & 0xFFFFFFFF
        return self.tag_of(number % self.partitions)

    def tag_of(self, partition):
        return f"{{lh:{partition:02d}}}:"

    def counts(self):
        total = collections.Counter()
        for fields in self.call(*(["HGETALL", f"{self.tag_of(partition)}counts"] for partition in range(self.partitions))):
            for name, count in pairs(fields).items():
                total[name.split(" ")[0]] += int(count)
        return total

    def waiting_events(self):
        """The number of events that are not published yet."""
        return sum(self.call(*(["XLEN", f"{self.tag_of(partition)}outbox"] for partition in range(self.partitions))))

    def waiting_ends(self):
        """The number of ended jobs whose history no worker has stored yet."""
        entries = self.call(*(["XRANGE", f"{self.tag_of(partition)}trail", "-", "+"] for partition in range(self.partitions)))
        return sum(fields[0] in ("end", b"end") for entry in entries for _, fields in entry)

    def waiting_histories(self):
        """The number of entries of the trail that no worker has stored yet."""
        return sum(self.call(*(["XLEN", f"{self.tag_of(partition)}trail"] for partition in range(self.partitions))))

    def jobs(self, ids):
        """The fields of each job; {} for an unknown job."""
        return dict(zip(ids, (job(pairs(fields)) for fields in self.call(*(["HGETALL", f"{self.tag(id)}job:{id}"] for id in ids)))))

    def files(self, ids):
        """The states of the files of each job that still has files: `leased 2`, `queued 0 …`, by index."""
        found = self.call(*(["HGETALL", f"{self.tag(id)}files:{id}"] for id in ids))
        states = {}
        for id, fields in zip(ids, found):
            states[id] = {name.removesuffix(".state"): value for name, value in pairs(fields).items() if name.endswith(".state")}
        return {id: of for id, of in states.items() if of}

    def due(self):
        """All timers."""
        found = self.call(*(["ZRANGE", f"{self.tag_of(partition)}due", 0, -1] for partition in range(self.partitions)))
        return [member for members in found for member in members]

    def due_at(self, ids):
        """When the timer of each job fires, in milliseconds."""
        return dict(zip(ids, self.call(*(["ZSCORE", f"{self.tag(id)}due", id] for id in ids))))

    def waiting(self):
        lists = self.call(["KEYS", "{lh:p:*}:waiting:*"])[0]
        found = self.call(*(["ZRANGE", name, 0, -1] for name in lists)) if lists else []
        return [member for members in found for member in members]

    def providers(self):
        """The names that orchestrators have reported."""
        return self.call(["HKEYS", "lh:providers"])[0]

    def holds(self, providers):
        """Why a provider is held, by its name; only those that are."""
        found = self.call(*(["HGET", f"{{lh:p:{name}}}:health", "value"] for name in providers))
        health = {name: json.loads(value) if value else {} for name, value in zip(providers, found)}
        return {name: of["breaker"]["hold"] for name, of in health.items() if of.get("breaker", {}).get("hold")}

    def places(self):
        """Slots in flight, and jobs that were taken from a waiting list and not handled."""
        sets = self.call(["KEYS", "{lh:p:*}:inflight"], ["KEYS", "{lh:p:*}:taken"])
        names = sets[0] + sets[1]
        found = self.call(*(["ZRANGE", name, 0, -1] for name in names)) if names else []
        return [member.split("\t")[-1] for members in found for member in members]


def pairs(flat):
    return dict(zip(flat[::2], flat[1::2]))


def job(fields):
    """The hash with its packed fields (see ops/docs/store.md) split into separate fields."""
    return {**fields, **dict(zip(PROGRESS, fields.get("progress", "").split("\x1e")[0].split("\t")))} if fields else {}
