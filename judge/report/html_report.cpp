// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "judge/report/assets.h"
#include "judge/report/report_input.h"
#include "judge/report/sections.h"
#include "judge/report/text.h"

namespace fib::judge {
namespace {

/// Nothing may be fetched, and no script or style but ours runs, whatever a name in the registry
/// looks like.
std::string policy() {
  return "default-src 'none'; img-src data:; style-src '" + std::string(kReportCssHash) +
         "'; script-src '" + std::string(kReportJsHash) + "'; base-uri 'none'; form-action 'none'";
}

Markup head(const std::string& title) {
  Markup head{
      "<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"};
  head.text += "<meta http-equiv=\"Content-Security-Policy\" content=\"" + policy() + "\">\n";
  head.text += "<link rel=\"icon\" href=\"data:,\">\n";
  head += element("title", title);
  head.text += "\n<style>" + std::string(kReportCss) + "</style>\n";
  return head;
}

std::string summary(const ReportInput& input) {
  const auto passed = std::count_if(input.results.begin(), input.results.end(),
                                    [](const Result& it) { return it.passed(); });
  const auto total = static_cast<double>(input.results.size());
  std::string first, last;
  for (const Result& result : input.results) {
    first = first.empty() ? result.timestamp : std::min(first, result.timestamp);
    last = std::max(last, result.timestamp);
  }
  std::string text =
      count_text(total) + " results, " + count_text(static_cast<double>(passed)) + " passed";
  if (!last.empty()) text += ", measured from " + first + " to " + last;
  if (input.unreadable > 0)
    text += "; " + count_text(static_cast<double>(input.unreadable)) +
            " records of the registry did not load";
  return text + ". Of each Solution, workload and GPU model the newest result counts.";
}

Markup navigation(bool judged, bool engine, bool results) {
  Markup links;
  const auto link = [&](const char* id, const char* text) {
    links += element("a", {{"href", std::string("#") + id}}, escaped(text));
  };
  if (judged) link("saving", "Saving");
  if (engine) link("engine", "Engine");
  if (judged) {
    link("candidates", "Candidates");
  }
  if (results) {
    link("fast-p", "fast_p");
    link("leaderboard", "Leaderboard");
  }
  link("commands", "Commands");
  return element("nav", {{"aria-label", "Sections"}}, links);
}

Markup commands_section(const ReportInput& input, const Commands& commands) {
  Markup content = paragraph(
      "Small numbers behind figures and rows name the command that prints them again; a click on a "
      "row's numbers shows it.");
  content += commands.list();
  if (input.registry.empty()) return section("commands", "Commands", content);
  const std::string capture = input.capture.empty() ? "CAPTURE" : input.capture;
  content += element("p", escaped("Measured again: ") +
                              element("code", "fib bench " + shell_quote(capture) + " --registry " +
                                                  shell_quote(input.registry)));
  return section("commands", "Commands", content);
}

}  // namespace

std::string html_report(const ReportInput& input) {
  Commands commands;
  const bool judged = !input.registry.empty();
  Markup sections;
  if (judged) sections += saving_section(input, commands);
  sections += engine_section(input, commands);
  if (judged) {
    sections += candidates_section(input, commands);
  }
  if (!input.results.empty()) {
    sections += fast_p_section(input, commands);
    sections += ranking_section(input, commands);
  }
  sections += commands_section(input, commands);
  const std::string title = "Kernels of " + clean(judged ? input.registry : input.capture);
  const Markup about = judged ? paragraph(summary(input)) : Markup();
  Markup body =
      element("header", element("h1", title) + about +
                            navigation(judged, input.engine.has_value(), !input.results.empty()));
  body += element("main", sections);
  body.text += "\n<script type=\"application/json\" id=\"feedback\">" +
               script_json(registry::to_text(feedback(input))) + "</script>\n<script>" +
               std::string(kReportJs) + "</script>\n";
  return "<!doctype html>\n<html lang=\"en\">\n" + element("head", head(title)).text + '\n' +
         element("body", body).text + "\n</html>\n";
}

}  // namespace fib::judge
