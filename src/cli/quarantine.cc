#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/text_table.h"
#include "model/timestamp.h"
#include "pipeline/requeue.h"

namespace millrace::cli {

namespace json = boost::json;

namespace {

struct Options {
    pipeline::QuarantineFilter filter;
    std::int64_t limit = 50;
    std::vector<std::string> set;
    bool edit = false;
    bool as_json = false;
};

int list(const Globals& globals, const Options& options) {
    TextTable table({"position", "time", "rule", "message", "value"});
    json::array rows;
    std::int64_t left = options.limit;
    pipeline::scan_quarantine(
        globals.data_directory(), options.filter, [&](const pipeline::QuarantinedRecord& record) {
            if (left-- <= 0) return false;
            table.add_row({record.position(), model::format_timestamp(record.log_time), record.rule,
                           record.message, record.value.value_or("")});
            rows.push_back(
                json::object{{"position", record.position()},
                             {"time", model::format_timestamp(record.log_time)},
                             {"rule", record.rule},
                             {"field", record.field},
                             {"message", record.message},
                             {"key", record.key ? json::value(*record.key) : json::value()},
                             {"value", record.value ? json::value(*record.value) : json::value()}});
            return true;
        });
    if (options.as_json) {
        fmt::print("{}\n", json::serialize(json::object{{"rows", std::move(rows)}}));
    } else {
        fmt::print("{}\n", table.text());
    }
    return 0;
}

std::vector<std::pair<std::string, std::string>> fields_of(const std::vector<std::string>& set) {
    std::vector<std::pair<std::string, std::string>> fields;
    for (const auto& assignment : set) {
        const auto at = assignment.find('=');
        if (at == std::string::npos || at == 0) {
            throw usage_error(fmt::format("reading --set {}", assignment), "it must be FIELD=VALUE");
        }
        fields.emplace_back(assignment.substr(0, at), assignment.substr(at + 1));
    }
    return fields;
}

/// A value on one line, as the editor shows it.
std::string flattened(const pipeline::QuarantinedRecord& record) {
    std::string value = record.value.value_or("");
    std::ranges::replace(value, '\n', ' ');
    return value;
}

/// Lets the user change the records in an editor, one a line after its position and a tab.
std::map<std::string, std::string> edit_records(const Globals& globals, const Options& options) {
    std::string content;
    pipeline::scan_quarantine(globals.data_directory(), options.filter,
                              [&](const pipeline::QuarantinedRecord& record) {
                                  content += fmt::format("{}\t{}\n", record.position(), flattened(record));
                                  return true;
                              });
    const auto path = globals.data_directory().quarantine() / fmt::format(".edit-{}.txt", ::getpid());
    base::replace_file(path, content);
    const char* editor = std::getenv("VISUAL") != nullptr ? std::getenv("VISUAL") : std::getenv("EDITOR");
    const std::string command = fmt::format("{} '{}'", editor == nullptr ? "vi" : editor, path.string());
    const int status = std::system(command.c_str());
    const std::string edited = base::read_file(path);
    std::filesystem::remove(path);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        throw Error("editing the quarantined records", "the editor failed",
                    "Set EDITOR, or use --set. Nothing was replayed.");
    }
    std::map<std::string, std::string> values;
    for (std::size_t from = 0; from < edited.size();) {
        const std::size_t end = std::min(edited.find('\n', from), edited.size());
        const std::string line = edited.substr(from, end - from);
        if (const auto tab = line.find('\t'); tab != std::string::npos)
            values[line.substr(0, tab)] = line.substr(tab + 1);
        from = end + 1;
    }
    return values;
}

int replay(const Globals& globals, const Options& options) {
    if (options.set.empty() == !options.edit) {
        throw usage_error("replaying quarantined records",
                          "give the fix with --set FIELD=VALUE, or with --edit");
    }
    const auto log = globals.open_log();
    pipeline::Fix fix = pipeline::fix_by_setting(fields_of(options.set));
    if (options.edit) {
        fix = [values = edit_records(globals, options)](const pipeline::QuarantinedRecord& record) {
            const auto found = values.find(record.position());
            const bool untouched = found == values.end() || found->second == flattened(record);
            return untouched ? pipeline::FixResult{.unchanged = true}
                             : pipeline::FixResult{.value = found->second};
        };
    }
    const auto report = pipeline::requeue(globals.data_directory(), *log, options.filter, fix);
    if (options.as_json) {
        fmt::print("{}\n", json::serialize(json::object{{"appended", report.appended},
                                                        {"already_replayed", report.already},
                                                        {"unchanged", report.unchanged},
                                                        {"unfixable", report.unfixable}}));
        return 0;
    }
    fmt::print("{} records fixed and appended again\n", base::format_count(report.appended));
    if (report.already > 0)
        fmt::print("  {} were replayed before and left out\n", base::format_count(report.already));
    if (report.unchanged > 0)
        fmt::print("  {} are as before and left out\n", base::format_count(report.unchanged));
    if (report.unfixable > 0) {
        fmt::print("  {} are no JSON objects, so no field can be set: use --edit\n",
                   base::format_count(report.unfixable));
    }
    return 0;
}

void add_filter(CLI::App& command, Options& options) {
    command.add_option("--rule", options.filter.rule, "only records that broke this rule");
    command.add_option("--partition", options.filter.partition, "only records of this partition");
    command.add_option("--offset", options.filter.offset, "only the record at this offset");
    command.add_flag("--json", options.as_json, "as one JSON object");
}

}  // namespace

void add_quarantine_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<Options>();
    CLI::App* quarantine =
        app.add_subcommand("quarantine", "records that broke a rule: look at them, fix them");
    quarantine->require_subcommand(1);

    CLI::App* list_command = quarantine->add_subcommand("list", "the quarantined records and why");
    add_filter(*list_command, *options);
    list_command->add_option("--limit", options->limit, "records at most")->capture_default_str();
    list_command->callback(
        [&globals, options] { globals.action = [&globals, options] { return list(globals, *options); }; });

    CLI::App* replay_command = quarantine->add_subcommand("replay", "fix records and append them again");
    add_filter(*replay_command, *options);
    replay_command->add_option("--set", options->set, "FIELD=VALUE; VALUE is JSON, or else text");
    replay_command->add_flag("--edit", options->edit, "change the records in $EDITOR");
    replay_command->callback(
        [&globals, options] { globals.action = [&globals, options] { return replay(globals, *options); }; });
}

}  // namespace millrace::cli
