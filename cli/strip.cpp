// SPDX-License-Identifier: Apache-2.0
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <ostream>

#include "cli/exit_codes.h"
#include "cli/open_capture.h"
#include "cli/units.h"
#include "cli/verb.h"
#include "trace/edit/strip.h"

namespace fib::cli {
namespace {

class StripVerb : public Verb {
 public:
  std::string name() const override { return "strip"; }
  std::string summary() const override {
    return "Copy a capture without code that is not yours to share";
  }
  std::string details() const override {
    return "--vendor-images leaves out the code of NVIDIA's libraries: images that came from a\n"
           "library of NVIDIA's (by its name, or from a Python package nvidia/), or one of whose\n"
           "kernels has a name that only such a library has. A replay refuses kernels whose\n"
           "image is missing. DIR/stripped.txt lists what was left out, by hash: where the same\n"
           "library is installed, recording anything that uses it brings the file back.\n"
           "Everything else is copied as it is; memory contents and parameters are in it.\n"
           "\n"
           "Example:\n"
           "  fib strip --vendor-images capture -o to-share";
  }
  void add_options(CLI::App& app) override {
    app.add_option("CAPTURE", path_, "The capture")->type_name("")->required();
    app.add_option("-o,--output", output_, "Directory of the new capture; must be new or empty")
        ->type_name("DIR")
        ->required();
    app.add_flag("--vendor-images", vendor_images_, "Leave out the code of NVIDIA's libraries");
  }

  int run(const Context& context) override {
    if (!vendor_images_) throw CliError(kExitUsage, "say what to leave out: --vendor-images");
    const trace::Capture capture = open_capture(path_);
    const trace::StripSummary done =
        edit([&] { return trace::strip_vendor_images(capture, output_); });
    for (const std::string& warning : done.warnings) spdlog::warn("{}", warning);
    context.out << output_ << ": left out " << format_count(done.stripped, "image") << " ("
                << format_bytes(done.stripped_bytes) << ") of NVIDIA's libraries, kept "
                << format_count(done.kept) << '\n';
    return kExitOk;
  }

 private:
  std::string path_, output_;
  bool vendor_images_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_strip_verb() { return std::make_unique<StripVerb>(); }

}  // namespace fib::cli
