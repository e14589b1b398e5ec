#include <fmt/format.h>

#include <functional>
#include <optional>

#include "backup/shop_copy.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/commands/verify_report.h"
#include "cli/output/progress_line.h"
#include "storage/delta_table.h"
#include "verify/verify.h"

namespace millrace::cli {

namespace json = boost::json;

namespace {

struct BackupOptions {
    std::string directory;
    bool no_verify = false;
    bool as_json = false;
};

/// Copies with `copy_with`, and shows the progress.
backup::ShopCopy show_copy(
    const std::function<backup::ShopCopy(const backup::FileCopier::OnFile&)>& copy_with) {
    ProgressLine line;
    return copy_with([&line](const backup::CopiedFiles& so_far) {
        line.show(fmt::format("{} copied ({})", base::format_counted(so_far.files, "file"),
                              base::format_size(so_far.bytes)));
    });
}

/// Verifies a copy. Nothing when it has nothing to verify, or when it should not be verified.
std::optional<verify::VerifyReport> verify_copy(const Globals& globals, const std::filesystem::path& copy,
                                                const BackupOptions& options) {
    Globals of_copy = globals;
    of_copy.data = copy.string();
    if (!globals.uses_kafka()) of_copy.bronze.clear();
    const auto data = of_copy.data_directory();
    if (options.no_verify || !storage::DeltaTable::exists(data.silver()) || !of_copy.may_have_log())
        return std::nullopt;
    return verify::verify_tables(data, *of_copy.open_log());
}

/// Prints what was copied and returns the exit code.
int print(const std::filesystem::path& copy, const backup::ShopCopy& made,
          const std::optional<verify::VerifyReport>& report, const BackupOptions& options) {
    if (options.as_json) {
        json::object result = made.to_json();
        result["verify"] = report ? json::value(report->to_json()) : json::value();
        fmt::print("{}\n", json::serialize(result));
        return report && !report->passed() ? 1 : 0;
    }
    const int code = report ? print_verify_report(*report) : 0;
    fmt::print("{} in {}: {}, of which {} are hard links, {}, in {:.1f} s\n",
               code == 0 ? "complete" : "NOT COMPLETE", copy.string(),
               base::format_counted(made.files.files, "file"), base::format_count(made.files.linked),
               base::format_size(made.files.bytes), made.seconds);
    return code;
}

/// A copy that fails its check gets no mark, so that it cannot be restored.
int run_backup(const Globals& globals, const BackupOptions& options) {
    const auto bronze = globals.uses_kafka() ? std::nullopt : std::optional(globals.bronze_directory());
    const auto data = globals.data_directory();
    if (!std::filesystem::exists(data.root()))
        throw usage_error(fmt::format("backing up {}", data.root().string()), "there is no such directory",
                          "Name the shop's data directory with --data.");
    const auto made = show_copy(
        [&](const auto& on_file) { return backup::copy_shop(data, bronze, options.directory, on_file); });
    const auto report = verify_copy(globals, options.directory, options);
    if (!report || report->passed()) backup::mark_backup(options.directory, made);
    return print(options.directory, made, report, options);
}

int run_restore(const Globals& globals, const BackupOptions& options) {
    backup::check_backup(options.directory);
    const auto to = globals.data_directory().root();
    const auto made = show_copy([&](const auto& on_file) {
        return backup::copy_backup(catalog::DataDirectory(options.directory), to, on_file);
    });
    return print(to, made, verify_copy(globals, to, options), options);
}

std::shared_ptr<BackupOptions> add_options(CLI::App& command, const std::string& directory_help) {
    auto options = std::make_shared<BackupOptions>();
    command.add_option("DIR", options->directory, directory_help)->required();
    command.add_flag("--no-verify", options->no_verify, "Do not check the copy.");
    command.add_flag("--json", options->as_json, "Print the result as a JSON object.");
    return options;
}

}  // namespace

void add_backup_command(CLI::App& app, Globals& globals) {
    CLI::App* command = app.add_subcommand(
        "backup", "Copy the shop as it is at one moment, also while it runs, and verify the copy.");
    auto options = add_options(*command, "Directory for the backup. It must not exist yet, or be empty.");
    command->callback([&globals, options] {
        globals.action = [&globals, options] { return run_backup(globals, *options); };
    });
}

void add_restore_command(CLI::App& app, Globals& globals) {
    CLI::App* command = app.add_subcommand(
        "restore", "Copy a backup to the data directory, which must not exist yet, and verify the copy.");
    auto options = add_options(*command, "The backup to restore. It is left as it is.");
    command->callback([&globals, options] {
        globals.action = [&globals, options] { return run_restore(globals, *options); };
    });
}

}  // namespace millrace::cli
