"""The faults of a run: a pure function of seed, length and lease, so that a seed reproduces them."""

import dataclasses
import hashlib
import json
import random

# Seconds for which a target needs to recover after an event. No other fault hits the target in this time.
SETTLING = {"kill": 1.5, "crash redis": 3, "crash rabbitmq": 12, "cut": 2, "stall": 2, "freeze": 2, "purge": 2, "duplicate": 1}

# Every run repeats this deck in shuffled order: in a short run the faults depend on the seed, a long run has all of them.
DECK = [
    ("kill", "orchestrator"),
    ("kill", "orchestrator"),
    ("kill", "worker"),
    ("kill", "worker"),
    ("freeze", "orchestrator"),
    ("freeze", "worker"),
    ("crash", "redis"),
    ("crash", "rabbitmq"),
    ("cut", "redis"),
    ("cut", "rabbitmq"),
    ("cut", "api"),
    ("cut", "s3"),
    ("stall", "redis"),
    ("stall", "rabbitmq"),
    ("stall", "api"),
    ("stall", "s3"),
    ("purge", "checks"),
    ("purge", "downloads"),
    ("duplicate", "jobs"),
    ("duplicate", "checks"),
    ("duplicate", "downloads"),
]


@dataclasses.dataclass(frozen=True)
class Event:
    """`at` is the time since the start of the faults, `seconds` the duration. The meaning of `amount` depends on the action."""

    at: float
    action: str
    target: str
    seconds: float = 0
    amount: float = 0

    def __str__(self):
        text = f"{self.action} {self.target}"
        if self.action in ("cut", "stall"):
            text += f" {'every connection' if self.amount == 1 else 'a share of ' + str(self.amount)}"
        if self.action == "duplicate":
            text += f" {self.amount:.0f} copies in another order"
        if self.seconds:
            text += {"kill": ", back after", "crash": ", back after", "cut": ", refuse for"}.get(self.action, " for") + f" {self.seconds} s"
        return text

    @property
    def resource(self):
        """The targets that no other fault may hit at the same time."""
        if self.action in ("purge", "duplicate"):
            return "rabbitmq"
        return self.target

    @property
    def end(self):
        settling = SETTLING.get(f"{self.action} {self.target}", SETTLING.get(self.action, 0))
        return self.at + self.seconds + settling


def make(seed, minutes, lease):
    """The events in order of time. All have ended by `minutes`."""
    random_ = random.Random(f"schedule {seed}")
    length, events, deck, busy = minutes * 60, [], [], {}
    at = random_.uniform(2, 4)
    while at < length:
        if len(deck) < len(DECK) / 2:
            more = list(DECK)
            random_.shuffle(more)
            deck += more
        for position, (action, target) in enumerate(deck):
            event = draw(random_, round(at, 2), action, target, lease)
            if busy.get(event.resource, 0) <= event.at and event.end <= length + 5:
                busy[event.resource] = event.end
                events.append(event)
                del deck[position]
                break
        at += min(0.5 + random_.expovariate(1 / 3), 10)
    return events


def draw(random_, at, action, target, lease):
    def between(low, high):
        return round(random_.uniform(low, high), 2)

    # Connections to the S3 endpoint last for one request, so a fault must also affect new ones.
    share = 1 if target == "s3" else random_.choice([0.3, 1, 1])
    if target in ("orchestrator", "worker"):
        target += f"-{random_.randint(1, 2)}"
    if action == "kill":
        return Event(at, action, target, between(0.1, 5))
    if action == "freeze":
        # Longer than a lease: the process resumes and believes that it still holds work that another process has taken over.
        return Event(at, action, target, between(1.5 * lease, 2.5 * lease))
    if action == "crash":
        return Event(at, action, target, between(0, 3))
    if action == "cut":
        return Event(at, action, target, between(0.5, 4) if target == "s3" else random_.choice([0, between(0.5, 4)]), share)
    if action == "stall":
        return Event(at, action, target, between(1, 6 if target in ("api", "s3") else 1.6 * lease), share)
    if action == "purge":
        # The consumers' connections stall and the publishers' do not, so that the queue holds messages to purge.
        return Event(at, action, target, between(2, 4))
    return Event(at, action, target, 0, random_.randint(20, 100))


def digest(*parts):
    """The digest of a schedule, jobs, or both. Equal digests mean equal runs."""
    text = json.dumps([[dataclasses.asdict(item) for item in part] for part in parts], sort_keys=True, default=sorted)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
