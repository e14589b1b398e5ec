#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "api/event_span.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/random_id.h"
#include "bronze/origin.h"
#include "cli/command.h"
#include "cli/output/text_table.h"
#include "gold/gold_tables.h"
#include "model/timestamp.h"
#include "produce/appender.h"
#include "storage/column.h"
#include "storage/delta_table.h"
#include "storage/parquet_file.h"

namespace millrace::cli {

namespace json = boost::json;

namespace {

using model::Timestamp;

struct IdentityOptions {
    std::string id;
    std::string user;
    std::optional<Timestamp> at;
    std::int64_t limit = 50;
    bool as_json = false;
};

/// What the rows of gold.identities say of an id and a user together.
struct Identity {
    std::string id;
    std::string user;
    std::optional<Timestamp> first_seen;
    std::optional<Timestamp> last_seen;
    std::int64_t events = 0;
    std::optional<Timestamp> removed_at;

    /// Links up to the time of a removal do not count.
    [[nodiscard]] bool is_linked() const { return last_seen && (!removed_at || *last_seen > *removed_at); }
};

std::optional<Timestamp> time_at(const arrow::RecordBatch& rows, const char* name, std::int64_t row) {
    const auto& times = storage::column<arrow::TimestampArray>(rows, name);
    return times.IsNull(row) ? std::nullopt : std::optional(storage::time_at(times, row));
}

void take_earlier(std::optional<Timestamp>& time, std::optional<Timestamp> other) {
    if (other && (!time || *other < *time)) time = other;
}

void take_later(std::optional<Timestamp>& time, std::optional<Timestamp> other) {
    if (other && (!time || *other > *time)) time = other;
}

/// The identities of closed hours with this id and user, where they are given; the ones seen last come first.
std::vector<Identity> find_identities(const catalog::DataDirectory& data, const IdentityOptions& options) {
    std::map<std::pair<std::string, std::string>, Identity> found;
    const auto root = data.gold() / gold::table_name(gold::Table::identities);
    if (!storage::DeltaTable::exists(root)) return {};
    const auto table = storage::DeltaTable::open(root);
    const auto add = [&](const arrow::RecordBatch& rows) {
        const auto& ids = storage::column<arrow::StringArray>(rows, "anonymous_id");
        const auto& users = storage::column<arrow::StringArray>(rows, "user_id");
        for (std::int64_t i = 0; i < rows.num_rows(); ++i) {
            std::pair key(ids.GetString(i), users.GetString(i));
            if (!options.id.empty() && key.first != options.id) continue;
            if (!options.user.empty() && key.second != options.user) continue;
            Identity& identity = found[key];
            std::tie(identity.id, identity.user) = key;
            take_earlier(identity.first_seen, time_at(rows, "first_seen", i));
            take_later(identity.last_seen, time_at(rows, "last_seen", i));
            take_later(identity.removed_at, time_at(rows, "removed_at", i));
            identity.events += storage::column<arrow::Int64Array>(rows, "events").Value(i);
        }
    };
    const auto& columns = *gold::table_layout(gold::Table::identities).schema;
    for (const auto& [path, file] : table.snapshot().files)
        storage::scan_parquet(table.root() / path, columns, {}, add);
    std::vector<Identity> identities;
    identities.reserve(found.size());
    for (auto& [key, identity] : found) identities.push_back(std::move(identity));
    std::ranges::sort(identities, std::ranges::greater(),
                      [](const Identity& each) { return std::tie(each.last_seen, each.id, each.user); });
    return identities;
}

json::value text_or_null(std::optional<Timestamp> time) {
    return time ? json::value(model::format_timestamp(*time)) : json::value();
}

int list(const Globals& globals, const IdentityOptions& options) {
    auto identities = find_identities(globals.data_directory(), options);
    TextTable table = TextTable::of({text_column("anonymous_id"),
                                     text_column("user_id"),
                                     time_column("first_seen"),
                                     time_column("last_seen"),
                                     {.name = "events", .type = "BIGINT"},
                                     {.name = "linked", .type = "BOOLEAN"},
                                     time_column("removed_at")});
    const auto limit = static_cast<std::size_t>(options.limit);
    table.set_truncated(identities.size() > limit);
    if (identities.size() > limit) identities.resize(limit);
    for (const Identity& each : identities) {
        table.add({each.id, each.user, text_or_null(each.first_seen), text_or_null(each.last_seen),
                   each.events, each.is_linked(), text_or_null(each.removed_at)});
    }
    print_table(table, options.as_json);
    if (identities.empty())
        fmt::print(
            stderr,
            "No such ids in hours that are closed. While a pipeline runs, those of the present hour are "
            "in: millrace sql 'from live.identities'\n");
    return 0;
}

/// The time of the newest event, so that a correction of old data does not move the watermark.
Timestamp newest_event(const catalog::DataDirectory& data) {
    const auto span = api::event_span(storage::DeltaTable::open(data.silver()).snapshot());
    const Timestamp now = Timestamp(base::wall_time());
    return span ? std::min(span->last, now) : now;
}

/// Gold itself recomputes the days that its state knows of. Returns the command for older ones, or an empty
/// text.
std::string batch_command(const Globals& globals, const IdentityOptions& options, Timestamp at) {
    const catalog::DataDirectory data = globals.data_directory();
    const base::Duration reach = data.settings().gold.identity_reach;
    const auto known = find_identities(data, options);
    if (known.empty() || !known.front().first_seen) return {};
    const Timestamp first = *known.front().first_seen - reach;
    if (first >= at - 2 * reach) return {};
    const model::TimeZone zone(data.settings().time_zone);
    return fmt::format("millrace gold --batch --from {} --to {}", model::format_day(zone.day_of(first)),
                       model::format_day(zone.day_of(std::min(*known.front().last_seen + reach, at))));
}

/// Appends a message to the log. What it says is part of the log, so all recomputations take it in.
int tell(const Globals& globals, const IdentityOptions& options, std::string_view type) {
    if (options.id == options.user)
        throw usage_error(fmt::format("changing the identity {}", options.id),
                          "the id and the user are the same text");
    const Timestamp at = options.at.value_or(newest_event(globals.data_directory()));
    const auto log = globals.open_log();
    produce::Appender appender(*log);
    const std::string message = json::serialize(json::object{{"event_id", base::random_id()},
                                                             {"event_type", type},
                                                             {"anonymous_id", options.id},
                                                             {"user_id", options.user},
                                                             {"timestamp", model::format_timestamp(at)}});
    appender.add(options.id, message, base::wall_time(), {{bronze::origin_header::format, "native"}});
    appender.flush();
    const std::string batch = batch_command(globals, options, at);
    if (options.as_json) {
        fmt::print("{}\n", json::serialize(json::object{{"event_type", type},
                                                        {"anonymous_id", options.id},
                                                        {"user_id", options.user},
                                                        {"at", model::format_timestamp(at)},
                                                        {"batch", batch}}));
        return 0;
    }
    fmt::print(
        "The log says as of {}: {} {} an id of {}. A running pipeline recomputes the days that change.\n",
        model::format_timestamp(at), options.id, type == "unlink" ? "is not" : "is", options.user);
    if (!batch.empty())
        fmt::print("It does not know older days. Recompute them afterwards with: {}\n", batch);
    return 0;
}

void add_correction(CLI::App& identities, Globals& globals, const std::string& name,
                    const std::string& description, std::string_view type) {
    auto options = std::make_shared<IdentityOptions>();
    CLI::App* command = identities.add_subcommand(name, description);
    command->add_option("ID", options->id, "The anonymous id, or the user id that another one replaces.")
        ->required();
    command->add_option("USER", options->user, "The user.")->required();
    add_time(*command, "--at", options->at,
             "Time of the correction. Without it, it is that of the newest event.");
    command->add_flag("--json", options->as_json, "Print the result as a JSON object.");
    command->callback([&globals, options, type] {
        globals.action = [&globals, options, type] { return tell(globals, *options, type); };
    });
}

}  // namespace

void add_identities_command(CLI::App& app, Globals& globals) {
    CLI::App* identities =
        app.add_subcommand("identities", "List and correct which user an anonymous id belongs to.");
    identities->require_subcommand(1);

    auto options = std::make_shared<IdentityOptions>();
    CLI::App* list_command =
        identities->add_subcommand("list", "List the ids of closed hours, those seen last first.");
    add_value(*list_command, "--id", options->id, "ID", "Select this anonymous id.");
    add_value(*list_command, "--user", options->user, "USER", "Select the ids of this user.");
    add_number(*list_command, "--limit", options->limit, 1, 1'000'000, "Maximum number of ids to show.");
    list_command->add_flag("--json", options->as_json, "Print the result as a JSON object.");
    list_command->callback(
        [&globals, options] { globals.action = [&globals, options] { return list(globals, *options); }; });

    add_correction(*identities, globals, "link", "Tell that an id belongs to a user.", "identify");
    add_correction(
        *identities, globals, "unlink",
        "Tell that an id did not belong to a user up to now. Events that link them later count again.",
        "unlink");
}

}  // namespace millrace::cli
