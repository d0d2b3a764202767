// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "judge/report/commands.h"
#include "judge/report/html.h"
#include "judge/report/report_input.h"

/// The parts of the HTML report, in its order. Each adds the commands that its numbers come from.
namespace fib::judge {

[[nodiscard]] Markup saving_section(const ReportInput& input, Commands& commands);
/// Empty without a capture.
[[nodiscard]] Markup engine_section(const ReportInput& input, Commands& commands);
[[nodiscard]] Markup candidates_section(const ReportInput& input, Commands& commands);
[[nodiscard]] Markup fast_p_section(const ReportInput& input, Commands& commands);
[[nodiscard]] Markup ranking_section(const ReportInput& input, Commands& commands);

/// <section id><h2>title</h2>content</section>
[[nodiscard]] Markup section(const char* id, const char* title, const Markup& content);
[[nodiscard]] Markup paragraph(std::string_view text);
/// A fact in large type: the number, what it is, and the command behind it.
[[nodiscard]] Markup tile(std::string_view number, std::string_view what, CommandRef command);

/// The GPU models of the results, in order.
[[nodiscard]] std::vector<std::string> gpus_in(const ReportInput& input);
/// Results of one GPU model.
[[nodiscard]] std::vector<Result> results_on(const ReportInput& input, const std::string& gpu);

/// `fib rank` for one GPU model.
[[nodiscard]] CommandRef rank_command(const ReportInput& input, const std::string& gpu,
                                      const char* by, Commands& commands);

}  // namespace fib::judge
