#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of what scripts/gpu_loop makes of numbers, and of its dry run."""

import subprocess
import sys
import unittest

import gpu_common
import gpu_loop_steps as steps
import gpu_loop_table as table


def run_of(variant, *times, logits="same", tokens="same", family="llama", cudnn=False):
    """A process with one batch size for each time."""
    batches = [
        {"batch": batch, "ms_per_step_median": ms, "tokens_per_s": 1000 * batch / ms, "request_ms": 10 * ms,
         "logits_sha256": logits, "tokens_sha256": tokens} for batch, ms in zip((1, 32), times)]
    return {"family": family, "variant": variant, "layers": 8, "cache": 2048, "attention": "sdpa", "cudnn": cudnn,
            "batches": batches}


def trace_of(solution, latency, incumbent, verdict="faster", stamp="2026-01-02", status="PASSED", kernel="k"):
    performance = {"latency_ms": latency, "fibshim": {"incumbent_latency_ms": incumbent, "verdict": verdict,
                                                      "speedup_low": incumbent / latency * 0.9}}
    evaluation = {"status": status, "timestamp": stamp, "performance": performance if status == "PASSED" else None,
                  "fibshim": {"reason": "wrong values"}}
    return {"definition": "copy", "solution": solution, "evaluation": evaluation,
            "workload": {"uuid": "u", "axes": {"n": 4}, "fibshim": {"kernel": kernel}}}


RUNS = [run_of("baseline", 2.0, 12.0), run_of("winners", 1.0, 6.0), run_of("recording", 2.1, 12.0),
        run_of("empty", 2.0, 12.3), run_of("winners", 1.0, 6.2), run_of("baseline", 2.1, 12.2)]


class EndToEnd(unittest.TestCase):
    def test_speedup_is_of_medians_and_noise_of_the_baselines(self):
        entry = table.ab_numbers(RUNS, "llama", 32)
        self.assertAlmostEqual(entry["speedup"], 12.1 / 6.1)
        self.assertAlmostEqual(entry["noise"], 12.0 / 12.2)
        self.assertAlmostEqual(entry["throughput"], 12.1 / 6.1, places=2)

    def test_rows_name_every_model_and_batch(self):
        rows = table.ab_rows(RUNS + [run_of("baseline", 3.0, family="qwen3")], {"llama": "1 of 2 (50 %)"})
        self.assertEqual([row[:2] for row in rows], [["llama", 1], ["llama", 32], ["qwen3", 1]])
        self.assertEqual(rows[0][5:], ["2.05x", "2.05x", "2.05x", "equal", "equal", "1 of 2 (50 %)"])
        self.assertEqual(rows[2][4:], ["-"] * 7)

    def test_one_other_bit_in_any_run_is_told(self):
        runs = RUNS + [run_of("winners", 1.0, 6.0, logits="other")]
        entry = table.ab_numbers(runs, "llama", 1)
        self.assertEqual((entry["logits"], entry["tokens"]), ("DIFFERENT", "equal"))

    def test_a_baseline_that_differs_from_itself_is_told(self):
        runs = RUNS[:1] + [run_of("winners", 1.0, 6.0, logits="b"), run_of("baseline", 2.0, 12.0, logits="c")]
        self.assertEqual(table.ab_numbers(runs, "llama", 1)["logits"], "DIFFERENT (baseline too)")

    def test_overheads_are_in_percent_of_the_step(self):
        self.assertEqual(table.overhead_rows(RUNS)[1][3:], ["-0.8 %", "+1.7 %"])

    def test_baselines_stand_at_both_ends_and_take_turns_with_the_winners(self):
        order = steps.schedule(2)
        self.assertEqual(order, ["baseline", "winners", "recording", "empty", "winners", "baseline"])
        self.assertEqual(steps.schedule(3).count("winners"), 3)


class Verdicts(unittest.TestCase):
    def test_only_the_newest_result_counts(self):
        traces = [trace_of("a", 1.0, 2.0, stamp="2026-01-03"), trace_of("a", 4.0, 2.0, "slower", "2026-01-01")]
        self.assertEqual([row[5] for row in table.verdict_rows(traces)], ["2.00x"])

    def test_failures_have_a_reason_and_beat_nobody(self):
        traces = [trace_of("bad", 1.0, 9.0, status="INCORRECT_NUMERICAL", kernel="other"), trace_of("good", 1.0, 2.0),
                  trace_of("even", 2.0, 2.0, "no clear difference")]
        rows = table.verdict_rows(traces)
        self.assertEqual(rows[0][2], "good")
        self.assertEqual(rows[2][-1], "INCORRECT_NUMERICAL: wrong values")
        self.assertEqual(table.beaten(traces), {"k"})

    def test_workloads_without_a_result_are_no_result(self):
        self.assertEqual(table.verdict_rows([{"definition": "d", "solution": None, "evaluation": None,
                                              "workload": {"uuid": "u"}}]), [])


class Page(unittest.TestCase):
    def data(self, **changes):
        return {"date": "d", "command": "c", "machine": {"gpu": "none"}, "runs": RUNS, "hits": {}, "traces": [],
                "steps": [{"step": "ab", "good": True, "text": "6 processes", "seconds": 1.0}], **changes}

    def test_what_failed_is_in_the_summary(self):
        bad = [{"step": "bench", "good": False, "text": "timed out", "seconds": 9.0}]
        self.assertIn("Steps that failed: bench", table.summary(self.data(steps=bad)))
        self.assertIn("FAILED: timed out", table.page(self.data(steps=bad)))

    def test_a_run_that_found_nothing_still_has_a_page(self):
        self.assertIn("no end-to-end result", table.page(self.data(runs=[])))

    def test_the_page_says_whose_attention_it_was(self):
        self.assertIn("without cuDNN", table.page(self.data()))
        self.assertIn("with cuDNN", table.page(self.data(runs=[run_of("baseline", 2.0, cudnn=True)])))

    def test_the_page_holds_every_table(self):
        page = table.page(self.data(traces=[trace_of("good", 1.0, 2.0)]))
        for header in (table.AB_HEADERS, table.VERDICT_HEADERS, table.OVERHEAD_HEADERS, table.STEP_HEADERS):
            self.assertIn("| " + " | ".join(header) + " |", page)


class Steps(unittest.TestCase):
    def test_the_last_object_is_found_behind_other_lines(self):
        self.assertEqual(steps.last_json('noise {"x"}\n{"a": {"b": 1}}\n'), {"a": {"b": 1}})
        self.assertIsNone(steps.last_json("nothing here"))

    def test_a_dry_run_prints_a_command_for_every_step(self):
        done = subprocess.run([sys.executable, gpu_common.ROOT / "scripts" / "gpu_loop", "--dry-run"],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        parts = done.stdout.split("== ")[1:]
        self.assertEqual([part.split()[0] for part in parts], list(steps.STEPS))
        for part in parts:
            self.assertGreater(len(part.splitlines()), 2, part)

    def test_the_time_limits_fit_into_the_budget(self):
        """Steps that others wait for leave them their share."""
        self.assertLessEqual(sum(steps.RESERVED.values()), 600)  # half of the default budget
        self.assertTrue(set(steps.RESERVED) <= set(steps.STEPS))


if __name__ == "__main__":
    unittest.main()
