#include <fmt/format.h>

#include <iostream>
#include <limits>
#include <map>
#include <optional>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/stop.h"
#include "bronze/kafka_topics.h"
#include "bronze/partitioner.h"
#include "bronze/topics.h"
#include "cli/command.h"
#include "cli/output/terminal.h"
#include "cli/output/text_table.h"
#include "model/timestamp.h"
#include "produce/appender.h"

namespace millrace::cli {

namespace json = boost::json;

namespace {

constexpr std::int64_t unbounded = std::numeric_limits<std::int64_t>::max();

struct TopicOptions {
    std::string name;
    bronze::TopicSettings settings;
    std::string compression = "none";
    std::optional<int> partition;
    std::optional<bronze::Offset> from_offset;
    std::optional<model::Timestamp> from_time;
    std::optional<std::int64_t> limit;
    std::string key_separator;
    bool show_keys = false;
    bool follow = false;
    bool as_json = false;
    const CLI::App* create = nullptr;
};

std::string name_or_default(const Globals& globals, const TopicOptions& options) {
    return options.name.empty() ? globals.topic_name() : options.name;
}

std::vector<std::string> topic_names(const Globals& globals) {
    std::vector<std::string> names;
    if (globals.uses_kafka()) {
        for (const auto& topic : bronze::KafkaTopics(globals.kafka_address()).list())
            names.push_back(topic.name);
    } else {
        for (const auto& topic : bronze::TopicCatalog(globals.bronze_directory()).list())
            names.push_back(topic.name);
    }
    return names;
}

int list_topics(const Globals& globals, const TopicOptions& options) {
    TextTable table =
        TextTable::of({text_column("topic"), count_column("partitions"), count_column("records")});
    json::array topics;
    for (const std::string& name : topic_names(globals)) {
        const auto log = globals.open_log(name);
        std::int64_t records = 0;
        for (int p = 0; p < log->partitions(); ++p) {
            const auto held = log->offsets(p);
            records += held.end - held.start;
        }
        table.add({name, log->partitions(), records});
        topics.push_back(
            json::object{{"topic", name}, {"partitions", log->partitions()}, {"records", records}});
    }
    if (options.as_json) {
        fmt::print("{}\n", json::serialize(json::object{{"topics", std::move(topics)}}));
    } else {
        fmt::print("{}\n", table.text());
    }
    return 0;
}

/// The settings of the embedded log's topic.
json::object stored_settings(const Globals& globals, const std::string& name) {
    if (globals.uses_kafka()) return {};
    const auto segments = bronze::TopicCatalog(globals.bronze_directory()).find(name)->segments;
    return {{"segment_bytes", segments.segment_bytes},
            {"retention_us", segments.retention.count()},
            {"retention_bytes", segments.retention_bytes},
            {"compression", bronze::compression_name(segments.compression)}};
}

std::string settings_line(const Globals& globals, const bronze::EventLog& log) {
    if (globals.uses_kafka()) return fmt::format("topic {}", log.topic());
    const auto segments = bronze::TopicCatalog(globals.bronze_directory()).find(log.topic())->segments;
    return fmt::format(
        "topic {}, epoch {}, compression {}, segment size {}, retention {}{}", log.topic(), log.epoch(),
        bronze::compression_name(segments.compression), base::format_size(segments.segment_bytes),
        segments.retention.count() == 0 ? "unlimited" : base::format_duration(segments.retention),
        segments.retention_bytes == 0 ? "" : " or " + base::format_size(segments.retention_bytes));
}

int describe_topic(const Globals& globals, const TopicOptions& options) {
    const auto log = globals.open_log(name_or_default(globals, options));
    TextTable table = TextTable::of(
        {number_column("partition"), number_column("start"), number_column("end"), count_column("records")});
    json::array partitions;
    for (int p = 0; p < log->partitions(); ++p) {
        const auto held = log->offsets(p);
        table.add({p, held.start.value(), held.end.value(), held.end - held.start});
        partitions.push_back(
            json::object{{"partition", p}, {"start", held.start.value()}, {"end", held.end.value()}});
    }
    if (options.as_json) {
        json::object report = stored_settings(globals, log->topic());
        report["topic"] = log->topic();
        report["epoch"] = log->epoch();
        report["partitions"] = std::move(partitions);
        fmt::print("{}\n", json::serialize(report));
        return 0;
    }
    fmt::print("{}\n{}\n", settings_line(globals, *log), table.text());
    return 0;
}

/// The given settings by Kafka's names. The broker decides about the others.
std::map<std::string, std::string> kafka_settings(const TopicOptions& options) {
    const bronze::SegmentOptions& given = options.settings.segments;
    const auto limit = [](std::int64_t max) { return max == 0 ? -1 : max; };  // -1 is no limit in Kafka
    std::map<std::string, std::string> settings;
    const auto set_if_given = [&](const char* option, const char* name, std::int64_t value) {
        if (options.create->count(option) > 0) settings[name] = fmt::format("{}", value);
    };
    set_if_given("--segment-bytes", "segment.bytes", given.segment_bytes);
    set_if_given("--segment-age", "segment.ms", given.segment_age.count() / 1000);
    set_if_given("--retention", "retention.ms", limit(given.retention.count() / 1000));
    set_if_given("--retention-bytes", "retention.bytes", limit(given.retention_bytes));
    if (options.create->count("--compression") > 0)
        settings["compression.type"] = options.compression == "none" ? "uncompressed" : options.compression;
    return settings;
}

int create_topic(const Globals& globals, const TopicOptions& options) {
    bronze::TopicSettings settings = options.settings;
    settings.name = name_or_default(globals, options);
    settings.segments.compression = bronze::parse_compression(options.compression);
    if (globals.uses_kafka()) {
        const bronze::KafkaTopics topics(globals.kafka_address());
        if (!topics.create(settings.name, settings.partitions, kafka_settings(options)))
            throw usage_error(fmt::format("creating the topic {}", settings.name), "it already exists");
    } else {
        bronze::TopicCatalog(globals.bronze_directory()).create(settings);
    }
    fmt::print("created the topic {} with {}\n", settings.name,
               base::format_counted(settings.partitions, "partition"));
    return 0;
}

int delete_topic(const Globals& globals, const TopicOptions& options) {
    const std::string name = name_or_default(globals, options);
    if (globals.uses_kafka()) {
        bronze::KafkaTopics(globals.kafka_address()).remove(name);
    } else {
        bronze::TopicCatalog(globals.bronze_directory()).remove(name);
    }
    fmt::print("deleted the topic {}\n", name);
    return 0;
}

json::value text_or_null(std::string_view bytes) {
    return bytes.data() == nullptr ? json::value() : text_or_base64(bytes);
}

/// The bytes of a record for stdout. On a terminal, which could obey them as commands, they are escaped.
std::string shown(std::string_view bytes) {
    return on_terminal() ? printable(bytes) : std::string(bytes);
}

void print_record(const TopicOptions& options, int partition, const bronze::Record& record) {
    if (options.as_json) {
        json::array headers;
        for (const auto& header : bronze::decode_headers(record)) {
            headers.push_back(
                json::object{{"key", text_or_base64(header.key)}, {"value", text_or_null(header.value)}});
        }
        fmt::print("{}\n",
                   json::serialize(json::object{{"partition", partition},
                                                {"offset", record.offset.value()},
                                                {"timestamp", model::format_timestamp(record.timestamp)},
                                                {"key", text_or_null(record.key)},
                                                {"value", text_or_null(record.value)},
                                                {"headers", std::move(headers)}}));
        return;
    }
    const bool with_key = options.show_keys || !options.key_separator.empty();
    if (with_key) {
        fmt::print("{}{}", shown(record.key),
                   options.key_separator.empty() ? std::string("\t") : options.key_separator);
    }
    fmt::print("{}\n", shown(record.value));
}

bronze::Offset first_offset(const TopicOptions& options, const bronze::EventLog& log, int partition) {
    const auto held = log.offsets(partition);
    if (options.from_time)
        return log.offset_at(partition, std::chrono::ceil<std::chrono::milliseconds>(*options.from_time));
    return options.from_offset.value_or(held.start);
}

int read_topic(const Globals& globals, const TopicOptions& options) {
    const auto log = globals.open_log(name_or_default(globals, options));
    base::StopSignal stop;
    const base::SignalGuard guard(stop);
    std::vector<std::pair<int, std::unique_ptr<bronze::PartitionReader>>> readers;
    for (int p = 0; p < log->partitions(); ++p) {
        if (p != options.partition.value_or(p)) continue;
        readers.emplace_back(p, log->read(p, first_offset(options, *log, p)));
    }
    if (readers.empty())
        throw usage_error("reading the topic", fmt::format("it has no partition {}", *options.partition));
    std::int64_t left = options.limit.value_or(unbounded);
    for (;;) {
        const auto seen = log->append_sequence();
        bool any = false;
        for (auto& [partition, reader] : readers) {
            for (const auto& record : reader->poll(1 << 20)) {
                if (left-- <= 0 || stop.requested()) return 0;
                print_record(options, partition, record);
                any = true;
            }
        }
        if (any) continue;
        if (!options.follow || stop.requested()) return 0;
        std::fflush(stdout);
        log->wait_for_append(seen, std::chrono::milliseconds(200));
    }
}

int write_topic(const Globals& globals, const TopicOptions& options) {
    const auto log = globals.open_or_create_log(name_or_default(globals, options));
    produce::Appender appender(*log);
    std::int64_t records = 0;
    std::string line;
    while (std::getline(std::cin, line)) {
        std::string_view key;
        std::string_view value = line;
        if (!options.key_separator.empty()) {
            const auto at = value.find(options.key_separator);
            if (at == std::string_view::npos) {
                throw usage_error(fmt::format("writing line {}", records + 1),
                                  fmt::format("it has no key separator \"{}\"", options.key_separator));
            }
            key = value.substr(0, at);
            value.remove_prefix(at + options.key_separator.size());
        }
        appender.add(key, value, base::wall_time());
        ++records;
    }
    appender.flush();
    base::tell(fmt::format("{} appended to {}\n", base::format_counted(records, "record"), log->topic()));
    return 0;
}

using Action = int (*)(const Globals&, const TopicOptions&);

CLI::App* add_action(CLI::App& parent, Globals& globals, const std::shared_ptr<TopicOptions>& options,
                     const char* name, const char* help, Action action) {
    CLI::App* command = parent.add_subcommand(name, help);
    command->callback([&globals, options, action] {
        globals.action = [&globals, options, action] { return action(globals, *options); };
    });
    return command;
}

void add_name(CLI::App& command, TopicOptions& options) {
    add_value(command, "name", options.name, "TOPIC", "Topic. (default: the one that --topic names)");
}

}  // namespace

void add_topic_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<TopicOptions>();
    CLI::App* topic =
        app.add_subcommand("topic", "Create, delete, list, read and write the topics of the log.");
    topic->require_subcommand(1);

    CLI::App* list = add_action(*topic, globals, options, "list", "List the topics.", list_topics);
    list->add_flag("--json", options->as_json, "Print the result as a JSON object.");

    CLI::App* describe = add_action(*topic, globals, options, "describe",
                                    "Show the partitions and settings of a topic.", describe_topic);
    add_name(*describe, *options);
    describe->add_flag("--json", options->as_json, "Print the result as a JSON object.");

    CLI::App* create = add_action(*topic, globals, options, "create", "Create a topic.", create_topic);
    options->create = create;
    add_name(*create, *options);
    add_number(*create, "--partitions", options->settings.partitions, 1, 100'000, "Number of partitions.");
    auto& segments = options->settings.segments;
    add_size(*create, "--segment-bytes", segments.segment_bytes, "Size at which a segment file is closed.");
    add_duration(*create, "--segment-age", segments.segment_age,
                 "Age of the first record at which a segment file is closed.");
    add_duration(*create, "--retention", segments.retention,
                 "Remove closed segments older than this. 0 keeps all segments.");
    add_size(
        *create, "--retention-bytes", segments.retention_bytes,
        "Remove the oldest closed segments while a partition is larger than this. 0 keeps all segments.");
    add_choice(*create, "--compression", options->compression, {"none", "lz4", "zstd"},
               "Compression of record batches.");

    add_name(*add_action(*topic, globals, options, "delete", "Delete a topic and its records.", delete_topic),
             *options);

    CLI::App* read = add_action(*topic, globals, options, "read", "Print records, one per line.", read_topic);
    add_name(*read, *options);
    add_number(*read, "--partition", options->partition, 0, 100'000, "Read only this partition.");
    add_offset(*read, "--from-offset", options->from_offset, "Start at this offset.");
    add_time(*read, "--from-time", options->from_time,
             "Start at the first record with this log time or a later one.");
    add_number(*read, "--limit", options->limit, 0, unbounded, "Maximum number of records to print.");
    add_value(*read, "--key-separator", options->key_separator, "TEXT",
              "Print the key and this text before each value.");
    read->add_flag("--keys", options->show_keys, "Print the key and a tab before each value.");
    read->add_flag("--follow", options->follow, "Continue with new records as they arrive.");
    read->add_flag("--json", options->as_json,
                   "Print each record as a JSON line with its offset, log time and headers.");

    CLI::App* write = add_action(*topic, globals, options, "write",
                                 "Append the lines of standard input as records.", write_topic);
    add_name(*write, *options);
    add_value(*write, "--key-separator", options->key_separator, "TEXT",
              "Text between the key and the value in a line. (default: lines have no key)");
}

}  // namespace millrace::cli
