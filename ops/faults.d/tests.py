""".build-venv/bin/python3 ops/faults.d/tests.py: shows that a page is reported whose commands do not work. Starts no server."""

import os
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, *(os.path.join(ROOT, f"ops/{name}.d") for name in ("chaos", "verify"))]
sys.dont_write_bytecode = True
import page  # noqa: E402
from pages import FAULTS  # noqa: E402
from trial import Fault, Trial  # noqa: E402

RUNBOOKS = os.path.join(ROOT, "ops/runbooks")


def text(diagnose="echo broken", fix="service restart worker", verify="echo works", sections=page.SECTIONS):
    blocks = {"Diagnose": diagnose, "Fix": fix, "Verify": verify}
    return "# Page\n\n" + "".join(f"## {name}\n\nText.\n\n```sh\n{blocks.get(name, 'false')}\n```\n\n" for name in sections)


class Stub:
    """A stack without servers, which notes what is asked of it."""

    def __init__(self, folder):
        self.folder, self.program, self.servers, self.ports = folder, "true", folder, {"orchestrator-1": 1, "worker-1": 2}
        self.environment, self.asked, self.lost = {"PATH": os.environ["PATH"]}, [], []

    def service(self, *words):
        if "nobody" in words:
            raise ValueError("no such service")
        self.asked.append(words)

    def problems(self, _):
        return self.lost


class TrialTests(unittest.TestCase):
    def trial(self, text, shows=("broken",), steps=(), lost=()):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.stack = Stub(folder.name)
        self.stack.lost = list(lost)

        def bring(stack):
            for step in steps:
                yield step
                stack.asked.append(step)

        trial = Trial(page.Page("page", text), Fault(bring, shows, {"WAIT": 0}), self.stack, lambda line: None)
        trial.symptom = 0
        return "\n".join(trial.run())

    def test_a_page_that_works_passes(self):
        self.assertEqual(self.trial(text()), "")
        self.assertEqual(self.stack.asked, [("restart", "worker")])

    def test_a_page_whose_verify_fails_is_reported(self):
        self.assertIn("Verify failed: exit code 1: false", self.trial(text(verify="false\necho works")))
        self.assertIn("Verify failed: exit code 1: grep nothing", self.trial(text(verify="echo works | grep nothing")))
        self.assertIn("Verify failed: exit code 1: test -z", self.trial(text(verify='test -z "$(echo a letter)"')))

    def test_a_symptom_that_diagnose_does_not_show_is_reported(self):
        self.assertIn("Diagnose does not show broken; it prints:\nfine", self.trial(text(diagnose="echo fine")))
        self.assertEqual(self.stack.asked, [])

    def test_a_symptom_that_has_gone_before_the_page_runs_is_reported(self):
        self.assertIn("Diagnose does not show broken", self.trial(text(diagnose="[ -e gone ] || echo broken\ntouch gone")))

    def test_a_page_may_find_nothing_before_verify(self):
        self.assertEqual(self.trial(text(diagnose="echo broken\nfalse", fix="false")), "")

    def test_a_syntax_error_and_an_early_exit_are_reported(self):
        self.assertIn("exit code 2", self.trial(text(fix="for")))
        self.assertIn("exit code 0", self.trial(text(fix="exit 0")))

    def test_a_service_that_is_unknown_is_reported(self):
        self.assertIn("no such service", self.trial(text(fix="service restart nobody")))

    def test_the_operator_acts_before_the_blocks(self):
        self.assertEqual(self.trial(text(), steps=["Fix 1", "Verify 1", "the end"]), "")
        self.assertEqual(self.stack.asked, ["Fix 1", ("restart", "worker"), "Verify 1", "the end"])

    def test_a_block_that_does_not_exist_is_reported(self):
        self.assertIn("no block Fix 2", self.trial(text(), steps=["Fix 2"]))

    def test_a_job_that_is_lost_is_reported(self):
        self.assertIn("job-1 is lost", self.trial(text(), lost=["job-1 is lost"]))


class PageTests(unittest.TestCase):
    def test_a_page_without_a_section_or_its_commands_is_malformed(self):
        for name in page.SECTIONS:
            with self.assertRaisesRegex(page.Malformed, name):
                page.Page("page", text(sections=[section for section in page.SECTIONS if section != name]))
        with self.assertRaisesRegex(page.Malformed, "no commands in Verify"):
            page.Page("page", text().replace("```sh\necho works\n```", "Look."))

    def test_blocks_are_unchanged_and_in_order(self):
        made = page.Page("page", text(fix="a 1\n```\n\nThen:\n\n```sh\n  b 2"))
        self.assertEqual(made.blocks["Fix"], ["a 1\n", "  b 2\n"])
        script = made.script()
        self.assertLess(script.index("reached Fix 2\n  b 2\n"), script.index("set -e"))

    def test_each_page_has_a_fault(self):
        self.assertEqual(page.names(RUNBOOKS), sorted(FAULTS))
        for name in FAULTS:
            page.Page.read(RUNBOOKS, name)


if __name__ == "__main__":
    unittest.main()
