"""python3 ops/chaos.d/tests.py: tests the parts that the chaos test relies on."""

import json
import os
import socket
import sys
import threading
import time
import unittest

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__))]
import jobs  # noqa: E402
import proxy  # noqa: E402
import schedule  # noqa: E402


class ScheduleTests(unittest.TestCase):
    def test_a_seed_repeats_it(self):
        def digest(seed):
            return schedule.digest(schedule.make(seed, 3, 5), jobs.make(seed, 500))

        self.assertEqual(digest(7), digest(7))
        self.assertNotEqual(digest(7), digest(8))

    def test_nothing_happens_twice_to_the_same_thing_at_once(self):
        for seed in range(50):
            busy = {}
            for event in schedule.make(seed, 3, 5):
                self.assertGreaterEqual(event.at, busy.get(event.resource, 0), f"seed {seed}: {event}")
                busy[event.resource] = event.end

    def test_three_minutes_have_every_fault(self):
        for seed in range(50):
            actions = {(event.action, event.target.split("-")[0]) for event in schedule.make(seed, 3, 5)}
            self.assertEqual(actions, set(schedule.DECK), f"seed {seed}")

    def test_all_ends_with_the_run(self):
        for seed in range(50):
            self.assertLess(max(event.at + event.seconds for event in schedule.make(seed, 1, 5)), 65)

    def test_a_freeze_outlasts_the_lease(self):
        freezes = [event for seed in range(20) for event in schedule.make(seed, 3, 5) if event.action == "freeze"]
        self.assertTrue(freezes and all(event.seconds > 5 for event in freezes))


class JobTests(unittest.TestCase):
    def test_names_are_unique_and_some_have_to_fail(self):
        made = jobs.make(1, 2000)
        self.assertEqual(len({job.id for job in made}), 2000)
        self.assertEqual(len([job for job in made if job.codes]), 80)
        self.assertTrue(all(json.loads(job.message)["exportJobId"] == job.id for job in made))

    def test_a_small_run_has_each_kind(self):
        self.assertEqual(len({job.kind for job in jobs.make(1, 20)}), 6)


class ProxyTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.loop = proxy.start_loop()

    def setUp(self):
        """An echo server."""
        self.server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.server.close)
        threading.Thread(target=self.serve, daemon=True).start()
        self.proxy = proxy.Proxy("echo", self.server.getsockname()[1], self.loop)

    def serve(self):
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self.echo, args=(connection,), daemon=True).start()

    def echo(self, connection):
        try:
            while data := connection.recv(65536):
                connection.sendall(data)
        except OSError:
            pass
        connection.close()

    def client(self):
        connection = socket.create_connection(("127.0.0.1", self.proxy.port), 5)
        self.addCleanup(connection.close)
        return connection

    def test_bytes_pass_in_order(self):
        for _ in range(20):
            client, sent, got = self.client(), os.urandom(1_000_000), b""
            threading.Thread(target=client.sendall, args=(sent,)).start()
            while len(got) < len(sent):
                got += client.recv(65536)
            self.assertEqual(got, sent)

    def test_a_stalled_connection_loses_nothing(self):
        client = self.client()
        client.sendall(b"a")
        self.assertEqual(client.recv(1), b"a")
        self.assertEqual(self.proxy.stall(1, 0.5, "x"), 1)
        begin = time.monotonic()
        client.sendall(b"b")
        self.assertEqual(client.recv(1), b"b")
        self.assertGreater(time.monotonic() - begin, 0.4)

    def test_a_cut_resets_and_refuses(self):
        client = self.client()
        client.sendall(b"a")
        client.recv(1)
        self.assertEqual(self.proxy.cut(1, 0.5, "x"), 1)
        with self.assertRaises(ConnectionError):
            client.recv(1)
        with self.assertRaises(ConnectionError):
            again = self.client()
            again.sendall(b"a")
            if again.recv(1) == b"":
                raise ConnectionError
        time.sleep(0.6)
        client = self.client()
        client.sendall(b"c")
        self.assertEqual(client.recv(1), b"c")


if __name__ == "__main__":
    unittest.main()
