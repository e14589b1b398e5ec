#include <fmt/format.h>

#include "base/error.h"
#include "base/json.h"
#include "bronze/kafka_groups.h"
#include "catalog/partition_progress.h"
#include "cli/command.h"
#include "cli/output/text_table.h"
#include "storage/delta_table.h"

namespace millrace::cli {

namespace json = boost::json;

namespace {

struct GroupOptions {
    std::string name;
    bool as_json = false;
};

/// The progress of a group in one partition, and the member that reads it.
struct Row {
    int partition = 0;
    std::optional<bronze::Offset> current;
    bronze::OffsetRange held;
    std::optional<bronze::KafkaMember> owner;

    [[nodiscard]] std::optional<std::int64_t> lag() const {
        return current ? std::optional(held.end - *current) : std::nullopt;
    }
};

json::value value_or_null(const std::optional<std::int64_t>& number) {
    return number ? json::value(*number) : json::value();
}

std::optional<std::int64_t> current_offset(const Row& row) {
    return row.current ? std::optional(row.current->value()) : std::nullopt;
}

json::object to_json(const Row& row, const std::string& topic) {
    json::object report{{"topic", topic},
                        {"partition", row.partition},
                        {"current_offset", value_or_null(current_offset(row))},
                        {"log_end", row.held.end.value()},
                        {"lag", value_or_null(row.lag())},
                        {"owner", json::value()}};
    if (row.owner) {
        report["owner"] = json::object{
            {"consumer_id", row.owner->id}, {"client_id", row.owner->client_id}, {"host", row.owner->host}};
    }
    return report;
}

storage::Snapshot silver_snapshot(const Globals& globals) {
    const auto silver = globals.data_directory().silver();
    return storage::DeltaTable::exists(silver) ? storage::DeltaTable::open(silver).snapshot()
                                               : storage::Snapshot();
}

/// The silver stage stores its progress in its table. Other consumer groups store theirs in Kafka.
std::vector<Row> rows_of(const Globals& globals, const GroupOptions& options, const bronze::EventLog& log,
                         const std::string& group, const storage::Snapshot& snapshot) {
    std::vector<Row> rows(static_cast<std::size_t>(log.partitions()));
    std::map<int, bronze::Offset> committed;
    if (globals.uses_kafka()) {
        const bronze::KafkaGroups groups(globals.kafka_address());
        if (!options.name.empty()) committed = groups.committed(group, log.partitions());
        const bool known = !options.name.empty() || !snapshot.metadata.id.empty();
        for (const auto& member :
             known ? groups.describe(group).members : std::vector<bronze::KafkaMember>()) {
            for (const int p : member.partitions) rows.at(static_cast<std::size_t>(p)).owner = member;
        }
    }
    for (int p = 0; p < log.partitions(); ++p) {
        Row& row = rows[static_cast<std::size_t>(p)];
        row.partition = p;
        row.held = log.offsets(p);
        if (options.name.empty()) {
            row.current = catalog::read_progress(snapshot, log, p).next_offset;
        } else if (committed.contains(p)) {
            row.current = committed[p];
        }
    }
    return rows;
}

int describe_group(const Globals& globals, const GroupOptions& options) {
    if (!options.name.empty() && !globals.uses_kafka())
        throw usage_error(fmt::format("describing the group {}", options.name),
                          "the embedded log has no consumer group except that of the silver stage",
                          "Omit the name.");
    const auto log = globals.open_log();
    const auto snapshot = silver_snapshot(globals);
    const std::string group = options.name.empty() ? "millrace-" + snapshot.metadata.id : options.name;
    const auto rows = rows_of(globals, options, *log, group, snapshot);
    TextTable table =
        TextTable::of({text_column("topic"), number_column("partition"), number_column("current_offset"),
                       number_column("log_end"), count_column("lag"), text_column("owner")});
    json::array partitions;
    for (const Row& row : rows) {
        table.add({log->topic(), row.partition, value_or_null(current_offset(row)), row.held.end.value(),
                   value_or_null(row.lag()),
                   row.owner ? json::value(fmt::format("{} ({})", row.owner->id, row.owner->host))
                             : json::value()});
        partitions.push_back(to_json(row, log->topic()));
    }
    if (options.as_json) {
        fmt::print("{}\n", json::serialize(json::object{{"group", globals.uses_kafka() ? group : "silver"},
                                                        {"partitions", std::move(partitions)}}));
    } else {
        fmt::print("{}\n", table.text());
    }
    return 0;
}

int list_groups(const Globals& globals, const GroupOptions& options) {
    TextTable table = TextTable::of({text_column("group"), text_column("state"), count_column("members")});
    json::array groups;
    const auto add = [&](const std::string& name, const std::string& state, std::size_t members) {
        table.add({name, state, static_cast<std::int64_t>(members)});
        groups.push_back(json::object{{"group", name}, {"state", state}, {"members", members}});
    };
    if (globals.uses_kafka()) {
        for (const auto& group : bronze::KafkaGroups(globals.kafka_address()).list())
            add(group.name, group.state, group.members.size());
    } else if (storage::DeltaTable::exists(globals.data_directory().silver())) {
        add("silver", "-", 0);
    }
    if (options.as_json) {
        fmt::print("{}\n", json::serialize(json::object{{"groups", std::move(groups)}}));
    } else {
        fmt::print("{}\n", table.text());
    }
    return 0;
}

}  // namespace

void add_group_command(CLI::App& app, Globals& globals) {
    CLI::App* group = app.add_subcommand("group", "Show how far consumer groups have read the log.");
    group->require_subcommand(1);
    auto options = std::make_shared<GroupOptions>();

    CLI::App* list = group->add_subcommand(
        "list", "List the consumer groups of the log. With Kafka, these are all groups of the cluster.");
    list->add_flag("--json", options->as_json, "Print the result as a JSON object.");
    list->callback([&globals, options] {
        globals.action = [&globals, options] { return list_groups(globals, *options); };
    });

    CLI::App* describe =
        group->add_subcommand("describe", "Show the offset, log end, lag and owner of each partition.");
    add_value(*describe, "name", options->name, "GROUP",
              "Kafka consumer group. (default: the one of the silver stage)");
    describe->add_flag("--json", options->as_json, "Print the result as a JSON object.");
    describe->callback([&globals, options] {
        globals.action = [&globals, options] { return describe_group(globals, *options); };
    });
}

}  // namespace millrace::cli
