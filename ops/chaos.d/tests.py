""".build-venv/bin/python3 ops/chaos.d/tests.py: tests the parts that the chaos test relies on."""

import gzip
import hashlib
import io
import json
import os
import socket
import sys
import tempfile
import threading
import time
import types
import unittest
from unittest import mock

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../verify.d")]
import audit  # noqa: E402
import delivered  # noqa: E402
import jobs  # noqa: E402
import providers  # noqa: E402
import proxy  # noqa: E402
import schedule  # noqa: E402
import stack  # noqa: E402


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
        self.assertEqual(len({job.kind for job in jobs.make(1, 20)}), 9)
        self.assertEqual(len({job.kind for job in jobs.make(1, 20, with_answers=False)}), 7)

    def test_without_odd_answers_no_job_has_any(self):
        def faults(job):
            return set(json.loads(job.message)["parameters"].get("faults", {}))

        known = set(jobs.RATES).union({"failedExport", "emptyExport"}, *jobs.TRANSIENT)
        self.assertEqual([job.id for job in jobs.make(1, 2000, with_answers=False) if faults(job) - known], [])
        self.assertGreater(len([job for job in jobs.make(1, 2000) if faults(job) - known]), 1000)

    def test_only_failed_exports_and_corrupt_files_may_fail(self):
        self.assertEqual({job.kind for job in jobs.make(1, 2000) if job.codes}, {"failed", "corrupt"})

    def test_a_trusting_job_has_no_fault_that_only_a_checksum_reveals(self):
        trusting = [json.loads(job.message)["parameters"] for job in jobs.make(1, 2000) if job.kind == "trusting"]
        self.assertEqual(len(trusting), 100)
        for parameters in trusting:
            self.assertTrue(parameters["report"].startswith(jobs.TRUSTING_PREFIX))
            self.assertFalse({fault for fault in parameters["faults"] if fault.split(":")[-1] in ("corruptBody", "errorDocument")})
            self.assertFalse({"htmlPage", "download:htmlPage"} & set(parameters["faults"]))


class ProviderTests(unittest.TestCase):
    def test_jobs_of_each_kind_are_spread_over_all_providers(self):
        made = jobs.make(1, 2000)
        of = {name: [job for job in made if json.loads(job.message)["provider"] == name] for name in providers.NAMES}
        self.assertEqual({len(some) for some in of.values()}, {400})
        self.assertEqual({len({job.kind for job in some}) for some in of.values()}, {9})

    def written(self, name):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(f"{folder}/providers")
            lines = {"polling": "{ policy: fixed, interval: 1s }"} | providers.lines(name, "http://api/v2")
            stack.Stack.provider(types.SimpleNamespace(folder=folder), name, "http://api/v2", lines)
            with open(f"{folder}/providers/{name}.yaml") as file:
                return file.read()

    def test_a_line_of_the_file_is_replaced_and_another_is_added(self):
        text = self.written("session")
        self.assertEqual(text.count("polling:"), 1)
        self.assertIn("polling: { policy: fixed, interval: 1s }\n", text)
        self.assertIn("\nauth: { session: { request: POST /sessions,", text)

    def test_only_the_create_becomes_a_draft(self):
        self.assertIn("create:\n  request: POST /drafts\n", self.written("steps"))
        self.assertIn("find:\n  request: GET /exports\n", self.written("steps"))
        self.assertNotIn("POST /exports\n", self.written("steps"))
        self.assertIn("create:\n  request: POST /exports\n", self.written("rotating"))


class AuditTests(unittest.TestCase):
    """A job is COMPLETED, its manifest agrees with its objects, and yet they must be what the sandbox meant to serve."""

    ROWS = b"id,name\n1,x\n"

    def audited(self, objects):
        """The audit of a job whose only file is ROWS. `objects`: what was delivered, by name."""
        folder = "exports/sandbox/2026-02-28/job-1/"
        stored = {folder + name: content for name, content in objects.items()}
        listed = [{"key": key, "bytes": len(content), "sha256": digest(content)} for key, content in stored.items()]
        stored[folder + "manifest.json"] = json.dumps({"objects": listed}).encode()
        bucket = types.SimpleNamespace(
            keys={"job-1": set(stored)}, read=stored.get, digest=lambda key: (len(stored[key]), digest(stored[key]))
        )
        entry = {"name": "report-0001.csv", "bytes": len(self.ROWS), "sha256": digest(self.ROWS)}
        export = {"files": [{"name": "report-0001.csv", "compression": "none", "entries": [entry]}]}
        made = audit.Audit(None, None, None, [jobs.Job("job-1", "odd", "{}")], "http://sandbox")
        made.records = {"job-1": {"status": "COMPLETED"}}
        with (
            mock.patch.object(delivered, "exports", return_value={"job-1": [export]}),
            mock.patch.object(made, "bucket", return_value=bucket),
        ):
            made.objects()
        return made

    def test_the_file_itself_is_right(self):
        made = self.audited({"report-0001.csv": self.ROWS})
        self.assertEqual((made.findings, made.counts["objects"]), ([], 1))

    def test_an_answer_in_place_of_the_file_is_wrong(self):
        page, error = b"<!DOCTYPE html><title>Log in</title>", b'{"error":{"code":"internal-error"}}'
        for answer in (page, error, b'{"status":"processing"}', b"", self.ROWS[:6], gzip.compress(self.ROWS)):
            made = self.audited({"report-0001.csv": answer})
            self.assertEqual((made.counts["bytes"], made.counts["objects"]), (1, 0), answer)

    def test_a_listing_that_was_taken_for_complete_is_wrong(self):
        self.assertEqual(self.audited({}).counts["bytes"], 1)


class SignInTests(unittest.TestCase):
    """What the sandbox and the store tell of sign-ins."""

    def audited(self, events=(), history=(), unknown=0, holds=None):
        told = {"signIns": {"refreshed": 2, "sessions": 3, "refusedRefreshTokens": 1, "deadTokens": 4}, "unauthorised": unknown}
        made = audit.Audit(None, types.SimpleNamespace(holds=lambda names: holds or {}), None, [jobs.Job("job-1", "odd", "{}")], "http://x")
        made.histories = {"job-1": ({}, history)}
        with (
            mock.patch.object(audit.urllib.request, "urlopen", return_value=io.StringIO(json.dumps(told))),
            mock.patch.object(made, "events", side_effect=lambda: iter(events)),
        ):
            made.sign_ins()
        return made

    def test_they_are_counted(self):
        events = [{"event": "signIn", "refreshToken": token} for token in ("a", "a", "b", None)]
        made = self.audited([*events, {"event": "fault", "point": "signIn", "fault": "lostAnswer"}])
        self.assertEqual(made.findings, [])
        self.assertEqual([made.tokens[name] for name in ("signIns", "answersLost", "refreshTokensUsedAgain", "deadTokens")], [5, 1, 1, 4])

    def test_a_job_that_met_a_refused_one_is_a_finding(self):
        self.assertEqual(self.audited(history=[{"event": "failure", "detail": "sign-in-refused: ..."}]).counts["signIn"], 1)

    def test_a_token_that_was_never_given_is_a_finding(self):
        self.assertEqual(self.audited(unknown=1).counts["signIn"], 1)

    def test_a_provider_that_is_held_is_stuck(self):
        self.assertEqual(self.audited(holds={"rotating": {"code": "sign-in-refused"}}).counts["stuck"], 1)


def digest(content):
    return hashlib.sha256(content).hexdigest()


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
