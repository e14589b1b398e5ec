#include <fmt/format.h>

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

/// Copies a shop and shows the progress.
backup::ShopCopy copy(const catalog::DataDirectory& from, const std::optional<std::filesystem::path>& bronze,
                      const std::filesystem::path& to) {
    ProgressLine line;
    return backup::copy_shop(from, bronze, to, [&line](const backup::CopiedFiles& so_far) {
        line.show(fmt::format("{} copied ({})", base::format_counted(so_far.files, "file"),
                              base::format_size(so_far.bytes)));
    });
}

/// Verifies a copy, prints what was copied, and returns the exit code.
int finish(const Globals& globals, const std::filesystem::path& copy, const backup::ShopCopy& made,
           const BackupOptions& options) {
    Globals of_copy = globals;
    of_copy.data = copy.string();
    if (!globals.uses_kafka()) of_copy.bronze.clear();
    std::optional<verify::VerifyReport> report;
    const bool has_tables = storage::DeltaTable::exists(of_copy.data_directory().silver());
    if (!options.no_verify && has_tables && of_copy.may_have_log())
        report = verify::verify_tables(of_copy.data_directory(), *of_copy.open_log());
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

int run_backup(const Globals& globals, const BackupOptions& options) {
    const auto bronze = globals.uses_kafka() ? std::nullopt : std::optional(globals.bronze_directory());
    const auto data = globals.data_directory();
    if (!std::filesystem::exists(data.root()))
        throw usage_error(fmt::format("backing up {}", data.root().string()), "there is no such directory",
                          "Name the shop's data directory with --data.");
    const auto made = copy(data, bronze, options.directory);
    backup::mark_backup(options.directory, made);
    return finish(globals, options.directory, made, options);
}

int run_restore(const Globals& globals, const BackupOptions& options) {
    backup::check_backup(options.directory);
    const catalog::DataDirectory from(options.directory);
    const auto made = copy(from, from.bronze(), globals.data_directory().root());
    return finish(globals, globals.data_directory().root(), made, options);
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
