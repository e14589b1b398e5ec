#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <map>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/output/text_table.h"
#include "cli/suggestion.h"
#include "model/rule.h"
#include "model/timestamp.h"
#include "silver/event_fields.h"
#include "silver/stage/quarantine_replay.h"

namespace millrace::cli {

namespace json = boost::json;

namespace {

struct QuarantineOptions {
    silver::QuarantineFilter filter;
    std::int64_t limit = 50;
    std::vector<std::string> set;
    bool edit = false;
    bool as_json = false;
};

json::value bytes_or_null(const std::optional<std::string>& bytes) {
    return bytes ? json::value(json::string(*bytes)) : json::value();
}

int list(const Globals& globals, const QuarantineOptions& options) {
    const auto limit = static_cast<std::size_t>(options.limit);
    auto records = silver::newest_quarantined(globals.data_directory(), options.filter, limit + 1);
    TextTable table = TextTable::of({text_column("position"),
                                     {.name = "record_index", .type = "INTEGER"},
                                     time_column("time"),
                                     text_column("rule"),
                                     text_column("message"),
                                     {.name = "value", .type = "BLOB"},
                                     text_column("field"),
                                     {.name = "key", .type = "BLOB"}});
    table.set_truncated(records.size() > limit);
    if (table.is_truncated()) records.pop_back();
    for (const auto& record : records) {
        table.add({record.position(), record.record_index, model::format_timestamp(record.log_time),
                   record.rule, record.message, bytes_or_null(record.value),
                   record.field.empty() ? json::value() : json::value(record.field),
                   bytes_or_null(record.key)});
    }
    print_table(table, options.as_json);
    return 0;
}

/// Throws a usage Error for a field that no event has: setting that field would not correct the record.
void check_is_field(const std::string& name) {
    const std::vector<std::string> fields(silver::field_names.begin(), silver::field_names.end());
    if (std::ranges::find(fields, name) == fields.end()) throw has_no("an event", "field", name, fields);
}

std::vector<std::pair<std::string, std::string>> fields_of(const std::vector<std::string>& set) {
    std::vector<std::pair<std::string, std::string>> fields;
    for (const auto& assignment : set) {
        const auto at = assignment.find('=');
        if (at == std::string::npos || at == 0) {
            throw usage_error(fmt::format("reading --set {}", assignment),
                              "it must have the form FIELD=VALUE");
        }
        if (!assignment.starts_with('/')) check_is_field(assignment.substr(0, at));
        fields.emplace_back(assignment.substr(0, at), assignment.substr(at + 1));
    }
    return fields;
}

/// The value on one line, as the editor shows it.
std::string flattened(const silver::QuarantinedRecord& record) {
    std::string value = record.value.value_or("");
    std::ranges::replace(value, '\n', ' ');
    return value;
}

/// Lets the user change the records in an editor, and returns the new values by position. A line is a
/// position, a tab and a value.
std::map<std::string, std::string> edit_records(const Globals& globals, const QuarantineOptions& options) {
    std::string content;
    silver::scan_quarantine(globals.data_directory(), options.filter,
                            [&](const silver::QuarantinedRecord& record) {
                                content += fmt::format("{}\t{}\n", record.position(), flattened(record));
                                return true;
                            });
    const auto path = globals.data_directory().quarantine() / fmt::format(".edit-{}.txt", ::getpid());
    base::replace_file(path, content);
    const char* editor = std::getenv("VISUAL") != nullptr ? std::getenv("VISUAL") : std::getenv("EDITOR");
    const std::string command = fmt::format("{} '{}'", editor == nullptr ? "vi" : editor, path.string());
    const int status = std::system(command.c_str());  // NOLINT(bugprone-command-processor): as git does
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

int replay(const Globals& globals, const QuarantineOptions& options) {
    if (options.set.empty() == !options.edit) {
        throw usage_error("replaying quarantined records", "use either --set FIELD=VALUE or --edit");
    }
    silver::Fix fix = silver::fix_by_setting(fields_of(options.set));
    const auto log = globals.open_log();
    if (options.edit) {
        fix = [values = edit_records(globals, options)](const silver::QuarantinedRecord& record) {
            const auto found = values.find(record.position());
            const bool untouched = found == values.end() || found->second == flattened(record);
            return untouched ? silver::FixResult{.unchanged = true}
                             : silver::FixResult{.value = found->second};
        };
    }
    const auto report = silver::replay_quarantine(globals.data_directory(), *log, options.filter, fix);
    if (options.as_json) {
        fmt::print("{}\n", json::serialize(json::object{{"appended", report.appended},
                                                        {"already_replayed", report.already},
                                                        {"unchanged", report.unchanged},
                                                        {"unfixable", report.unfixable}}));
        return 0;
    }
    fmt::print("{} corrected and appended to the log\n", base::format_counted(report.appended, "record"));
    const auto print_skipped = [](std::int64_t records, const char* why) {
        if (records > 0) fmt::print("  {} skipped: {}\n", base::format_count(records), why);
    };
    print_skipped(report.already, "replayed earlier");
    print_skipped(report.unchanged, "unchanged");
    print_skipped(report.unfixable, "not a JSON object, so no field can be set; use --edit");
    return 0;
}

std::vector<std::string> rule_names() {
    std::vector<std::string> names;
    for (auto rule = static_cast<int>(model::ValidationRule::none) + 1;
         rule < static_cast<int>(model::ValidationRule::count_); ++rule)
        names.emplace_back(model::rule_name(static_cast<model::ValidationRule>(rule)));
    return names;
}

void add_filter(CLI::App& command, QuarantineOptions& options) {
    add_choice(command, "--rule", options.filter.rule, rule_names(), "Select records that broke this rule.");
    add_number(command, "--partition", options.filter.partition, 0, 100'000,
               "Select records of this partition.");
    add_offset(command, "--offset", options.filter.offset, "Select records at this offset.");
    add_number(command, "--record-index", options.filter.record_index, 0, 1'000'000,
               "Select the item of this number in its record.");
    command.add_flag("--json", options.as_json, "Print the result as a JSON object.");
}

}  // namespace

void add_quarantine_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<QuarantineOptions>();
    CLI::App* quarantine =
        app.add_subcommand("quarantine", "List and correct the records that broke a validation rule.");
    quarantine->require_subcommand(1);

    CLI::App* list_command = quarantine->add_subcommand(
        "list", "List the newest quarantined records and the rules that they broke.");
    add_filter(*list_command, *options);
    add_number(*list_command, "--limit", options->limit, 1, 1'000'000, "Maximum number of records to show.");
    list_command->callback(
        [&globals, options] { globals.action = [&globals, options] { return list(globals, *options); }; });

    CLI::App* replay_command =
        quarantine->add_subcommand("replay", "Correct quarantined records and append them to the log again.");
    add_filter(*replay_command, *options);
    add_values(
        *replay_command, "--set", options->set, "FIELD=VALUE",
        "Set a field, or the place of a JSON pointer such as /properties/products/0/price, to a value, "
        "which is JSON or else text. Can be repeated.");
    replay_command->add_flag("--edit", options->edit, "Edit the records in $VISUAL or $EDITOR.");
    replay_command->callback(
        [&globals, options] { globals.action = [&globals, options] { return replay(globals, *options); }; });
}

}  // namespace millrace::cli
