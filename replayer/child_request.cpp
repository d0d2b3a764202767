// SPDX-License-Identifier: Apache-2.0
#include "replayer/child_request.h"

#include <cstdlib>
#include <sstream>

namespace fib::replayer {

// One value a line, paths last in their lines: they may hold anything but a NUL, so NULs end lines.
std::string to_text(const ChildRequest& request) {
  std::ostringstream out;
  const auto line = [&out](const auto& value) { out << value << '\0'; };
  const ReplayOptions& options = request.options;
  line(request.target.capture.string());
  line(request.target.process);
  line(request.target.window);
  line(static_cast<int>(options.verify));
  line(options.times);
  line(options.force);
  line(options.locate);
  line(options.gpu_times);
  line(options.extract_widely);
  line(options.extracts.size());
  for (const ExtractRequest& extract : options.extracts) {
    line(extract.launch);
    line(extract.to);
  }
  for (const auto& [recorded, here] : options.device_map) {
    line(recorded);
    line(here);
  }
  return out.str();
}

ChildRequest request_of(const std::string& text) {
  std::istringstream in(text);
  const auto line = [&in] {
    std::string value;
    std::getline(in, value, '\0');
    return value;
  };
  const auto number = [&line] { return std::strtoull(line().c_str(), nullptr, 10); };
  ChildRequest request;
  ReplayOptions& options = request.options;
  request.target.capture = line();
  request.target.process = line();
  request.target.window = static_cast<std::uint32_t>(number());
  options.verify = static_cast<ReplayOptions::Verify>(number());
  options.times = static_cast<unsigned>(number());
  options.force = number() != 0;
  options.locate = number() != 0;
  options.gpu_times = number() != 0;
  options.extract_widely = number() != 0;
  options.extracts.resize(number());
  for (ExtractRequest& extract : options.extracts) {
    extract.launch = number();
    extract.to = line();
  }
  while (in.peek() != std::istringstream::traits_type::eof()) {
    const auto recorded = static_cast<int>(number());
    options.device_map[recorded] = static_cast<int>(number());
  }
  return request;
}

}  // namespace fib::replayer
