// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "judge/report/report_input.h"
#include "tests/unit/judge_rank/made_results.h"

namespace fib::judge::testing {

/// Ends a script, opens an element, and has every quote: what a hostile name is made of.
inline const std::string kHostile = "</script><img src=x onerror=alert(1)>&\"'`|\n\x1b[31m";

inline EngineFacts made_engine() {
  EngineFacts engine;
  engine.processes = {"process-1: python serve.py"};
  engine.gpus = {"GPU"};
  engine.executed = 100;
  engine.gpu_source = "CUPTI, in a replay of window 1";
  EngineKernel norm;
  norm.name = "norm_kernel";
  norm.executed = 60;
  norm.in_graphs = 20;
  norm.gpu_ms = 3;
  norm.measured = 6;
  norm.shapes = {{"32 × 1 × 1", "256 × 1 × 1", 60}};
  norm.shape_count = 3;
  norm.definitions = {{"norm", 30}};
  EngineKernel copy;
  copy.name = "copy_kernel";
  copy.executed = 40;
  copy.gpu_ms = 1;
  copy.measured = 4;
  engine.kernels = {norm, copy};
  engine.graphs = {2, 50, 40, 10, 0, 1};
  EngineBubbles bubbles;
  bubbles.span_ms = 8;
  bubbles.busy_ms = 4;
  bubbles.gap_ms = 4;
  bubbles.gaps = 9;
  bubbles.speedup_bound = 2;
  bubbles.longest = {{1, 0.5, "norm_kernel", "copy_kernel", true}};
  engine.bubbles = bubbles;
  return engine;
}

inline Result made_failure() {
  Result result = failed("bad", "bob", "w1");
  result.status = registry::Status::IncorrectNumerical;
  result.kernel = "incumbent_kernel";
  result.reason = "writes too much";
  result.detail = "12 bytes behind the output";
  result.details.matched_ratio = 0.5;
  result.details.first_wrong = FirstWrong{"y", {3, 17}, 1.5, 2.5};
  result.details.checks = {{"recorded inputs", true, ""}, {"poison A", false, "untouched"}};
  return result;
}

inline ReportInput made_report() {
  ReportInput input;
  input.registry = "reg";
  input.capture = "capture";
  input.results = {judged("good", "w1", 4, 2, 1.9, 2.1), judged("good", "w2", 4, 5, 0.7, 0.9),
                   made_failure()};
  input.entrants = {{"good", "norm", "ada"}, {"bad", "norm", "bob"}};
  input.engine = made_engine();
  return input;
}

/// The same with a hostile text wherever somebody else chooses one.
inline ReportInput hostile_report() {
  ReportInput input = made_report();
  input.registry = input.capture = input.replay = input.process = kHostile;
  for (Result& it : input.results) {
    for (std::string* const text :
         {&it.definition, &it.solution, &it.author, &it.workload, &it.gpu, &it.reason, &it.detail,
          &it.timestamp, &it.kernel, &it.details.time_source, &it.details.l2, &it.details.log})
      *text = kHostile;
    it.axes = {{kHostile, 1}};
    it.details.checks = {{kHostile, false, kHostile}};
    it.details.first_wrong = FirstWrong{kHostile, {1}, 1, 2};
    it.details.ncu = {{kHostile, kHostile}};
  }
  input.entrants = {{kHostile, kHostile, kHostile}};
  EngineFacts& engine = *input.engine;
  engine.processes = engine.gpus = {kHostile};
  engine.gpu_source = kHostile;
  for (EngineKernel& kernel : engine.kernels) {
    kernel.name = kHostile;
    kernel.definitions = {{kHostile, 1}};
  }
  engine.bubbles->longest[0].after = engine.bubbles->longest[0].before = kHostile;
  return input;
}

}  // namespace fib::judge::testing
