"""Executes the schedule and removes all faults at the end."""

import json
import os
import random
import threading
import time

import broker


class Injector:
    def __init__(self, stack, broker, events, seed, say):
        self.stack, self.broker, self.events, self.seed, self.say = stack, broker, events, seed, say
        self.threads, self.going_on, self.done, self.lock = [], {}, [], threading.Lock()
        self.is_over = threading.Event()
        self.log = open(os.path.join(stack.folder, "faults.ndjson"), "w", buffering=1)  # noqa: SIM115  (open for the whole run)

    def run(self):
        """Runs until the last event has started and all have ended, or until `is_over` is set."""
        self.began = time.monotonic()
        for number, event in enumerate(self.events):
            if self.is_over.wait(max(0, self.began + event.at - time.monotonic())):
                break
            thread = threading.Thread(target=self.carry_out, args=(number, event), daemon=True)
            thread.start()
            self.threads.append(thread)
        for thread in self.threads:
            thread.join(90)

    def carry_out(self, number, event):
        with self.lock:
            self.going_on[number] = event
        begin, problem, effect = time.monotonic(), None, None
        try:
            effect = getattr(self, event.action)(event, f"{self.seed}:{number}")
        except Exception as error:  # An event that fails is reported and does not end the run.
            problem = f"{type(error).__name__}: {error}"
        with self.lock:
            del self.going_on[number]
            line = f"{begin - self.began:6.1f} s  {event}{f' ({effect})' if effect is not None else ''}"
            line += f" NOT CARRIED OUT: {problem}" if problem else ""
            self.done.append((event, problem))
            self.log.write(
                json.dumps({"at": begin - self.began, "wall": time.time(), "event": str(event), "effect": effect, "problem": problem})
                + "\n"
            )
        self.say(line)

    def now(self):
        with self.lock:
            return " + ".join(f"{event.action} {event.target}" for event in self.going_on.values())

    def heal(self):
        self.is_over.set()
        for proxy in self.stack.proxies.values():
            proxy.heal()
        for process in self.stack.processes.values():
            if process.frozen:
                process.thaw()
            if not process.wanted:
                process.start()

    # ---- actions; each ends when its fault is removed

    def kill(self, event, _):
        process = self.stack.processes[event.target]
        pid = process.popen.pid
        process.kill()
        time.sleep(event.seconds)
        process.start()
        return f"pid {pid}"

    def freeze(self, event, _):
        process = self.stack.processes[event.target]
        process.freeze()
        time.sleep(event.seconds)
        process.thaw()

    def crash(self, event, _):
        self.stack.server("kill", event.target)
        time.sleep(event.seconds)
        begin = time.monotonic()
        self.stack.server("start", event.target)
        if event.target == "rabbitmq":
            self.insist(self.broker.trace)
        return f"up again in {time.monotonic() - begin:.1f} s"

    def cut(self, event, choice):
        return self.disturb(event, lambda proxy: proxy.cut(event.amount, event.seconds, choice))

    def stall(self, event, choice):
        return self.disturb(event, lambda proxy: proxy.stall(event.amount, event.seconds, choice))

    def disturb(self, event, action):
        proxy = self.stack.proxies[event.target]
        before, hit = proxy.met, action(proxy)
        time.sleep(event.seconds)
        return f"{hit} connections, {proxy.met - before} new ones"

    def purge(self, event, _):
        ports = self.insist(lambda: self.broker.consumer_ports(event.target))
        self.stack.proxies["rabbitmq"].stall_ports(ports, event.seconds)
        time.sleep(event.seconds * 0.95)
        purged = self.insist(lambda: self.broker.purge(event.target))
        time.sleep(event.seconds * 0.05)
        return f"{purged} messages"

    def duplicate(self, event, choice):
        return f"{self.insist(lambda: self.broker.duplicate(event.target, int(event.amount), choice))} messages"

    def insist(self, action, seconds=20):
        """Retries, because the broker may still be starting."""
        end = time.monotonic() + seconds
        while True:
            try:
                return action()
            except broker.ERRORS:
                if time.monotonic() > end:
                    raise
                time.sleep(0.5)


class Submission:
    """Submits the jobs in portions with the program itself, and repeats each portion until it is confirmed."""

    def __init__(self, stack, jobs, seconds, seed):
        random_ = random.Random(f"submission {seed}")
        self.stack, self.submitted, self.repeated, self.is_over = stack, 0, 0, threading.Event()
        count = max(2, min(12, len(jobs) // 25))
        times = sorted([0.0] + [round(random_.uniform(0, seconds), 2) for _ in range(count - 1)])
        self.portions = [(at, jobs[number::count]) for number, at in enumerate(times)]

    def run(self):
        begin = time.monotonic()
        for number, (at, jobs) in enumerate(self.portions):
            if self.is_over.wait(max(0, begin + at - time.monotonic())):
                return
            path = os.path.join(self.stack.folder, f"jobs-{number}.ndjson")
            with open(path, "w") as lines:
                lines.writelines(job.message + "\n" for job in jobs)
            while not self.stack.submit(path) and not self.is_over.is_set():
                self.repeated += 1
                time.sleep(1)
            self.submitted += len(jobs)


class Hints:
    """Publishes hints about jobs at random, whether or not they exist yet or have ended, and what is no hint at all."""

    def __init__(self, broker, jobs, seed):
        self.broker, self.is_over, self.published = broker, threading.Event(), 0
        self.ids = [json.loads(job.message)["exportJobId"] for job in jobs]
        self.random = random.Random(f"{seed}:hints")

    def run(self):
        while not self.is_over.wait(self.random.uniform(0.05, 0.3)):
            body = json.dumps({"exportJobId": self.random.choice(self.ids)})
            if self.random.random() < 0.1:
                body = self.random.choice(["", "{", '{"exportJobId": 7}', '{"exportJobId": "nobody"}', '{"exportJobId": "../x"}'])
            message = {"routing_key": "longhaul.hints", "properties": {}, "payload": body, "payload_encoding": "string"}
            try:
                self.broker.call("POST", "/exchanges/%2F/amq.default/publish", message)
                self.published += 1
            except broker.ERRORS:
                pass  # The broker may be down; a hint that is lost costs nothing.
