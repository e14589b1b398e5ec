#include <fmt/format.h>

#include "cli/command.h"
#include "cli/commands/verify_report.h"
#include "verify/verify.h"

namespace millrace::cli {

int print_verify_report(const verify::VerifyReport& report) {
    for (const auto& check : report.checks) {
        fmt::print("  {} {:<28} {}\n", check.passed ? "ok  " : "FAIL", check.name, check.detail);
    }
    for (const auto& note : report.notes) fmt::print("  note {:<28} {}\n", "", note);
    fmt::print("{}\n", report.passed() ? "verified: every record is accounted for"
                                       : "verification failed: the checks marked FAIL show why");
    return report.passed() ? 0 : 1;
}

namespace {

int run_verify(const Globals& globals, bool as_json) {
    const auto log = globals.open_log();
    const auto report = verify::verify_tables(globals.data_directory(), *log);
    if (!as_json) return print_verify_report(report);
    fmt::print("{}\n", base::json::serialize(report.to_json()));
    return report.passed() ? 0 : 1;
}

}  // namespace

void add_verify_command(CLI::App& app, Globals& globals) {
    auto as_json = std::make_shared<bool>(false);
    CLI::App* command = app.add_subcommand(
        "verify", "Check the tables against the log. The exit code is 1 if they do not match.");
    command->add_flag("--json", *as_json, "Print the result as a JSON object.");
    command->callback([&globals, as_json] {
        globals.action = [&globals, as_json] { return run_verify(globals, *as_json); };
    });
}

}  // namespace millrace::cli
