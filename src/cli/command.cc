#include "cli/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "bronze/kafka_log.h"
#include "bronze/kafka_topics.h"
#include "bronze/segment_log.h"
#include "model/timestamp.h"

namespace millrace::cli {

std::filesystem::path Globals::bronze_directory() const {
    if (bronze.empty()) return data_directory().bronze();
    if (bronze.starts_with("file:")) return bronze.substr(5);
    throw usage_error(fmt::format("opening the log {}", bronze), "it is not a log that this program knows",
                      "Write --bronze file:FOLDER or --bronze kafka://HOST:PORT/TOPIC, or leave it out.");
}

bronze::KafkaAddress Globals::kafka_address() const {
    bronze::KafkaAddress address = bronze::KafkaAddress::parse(bronze);
    if (address.topic.empty()) address.topic = topic;
    for (const std::string& property : kafka) {
        const auto at = property.find('=');
        if (at == std::string::npos || at == 0)
            throw usage_error("reading --kafka", "a property must be KEY=VALUE");  // it may be a secret
        address.properties[property.substr(0, at)] = property.substr(at + 1);
    }
    return address;
}

std::string Globals::topic_name() const {
    return uses_kafka() ? kafka_address().topic : topic;
}

std::string Globals::bronze_place() const {
    return uses_kafka() ? fmt::format("{} (topic {})", kafka_address().brokers, topic_name())
                        : bronze_directory().string();
}

std::unique_ptr<bronze::EventLog> Globals::open_log(const std::string& name) const {
    if (!uses_kafka()) return bronze::SegmentLog::open(bronze_directory(), name);
    bronze::KafkaAddress address = kafka_address();
    address.topic = name;
    return std::make_unique<bronze::KafkaLog>(std::move(address));
}

std::unique_ptr<bronze::EventLog> Globals::open_or_create_log(const std::string& name,
                                                              const base::StopSignal* stop) const {
    if (!uses_kafka()) {
        bronze::TopicSettings settings;
        settings.name = name;
        return bronze::SegmentLog::open_or_create(bronze_directory(), settings, {.stop = stop});
    }
    const bronze::KafkaTopics topics(kafka_address());
    const auto known = topics.list();
    if (std::ranges::find(known, name, &bronze::KafkaTopic::name) == known.end())
        topics.create(name, bronze::default_partitions, {});
    return open_log(name);
}

std::unique_ptr<bronze::EventLog> Globals::open_or_create_intake_log(const base::StopSignal& stop) const {
    Globals impatient = *this;
    impatient.kafka.insert(impatient.kafka.begin(),
                           "delivery.timeout.ms=10000");  // --kafka may say otherwise
    return impatient.open_or_create_log(&stop);
}

CLI::Option* add_duration(CLI::App& command, const std::string& name, base::Duration& into,
                          const std::string& help) {
    return command
        .add_option_function<std::string>(
            name, [&into](const std::string& text) { into = base::parse_duration(text); }, help)
        ->type_name("DURATION")
        ->default_str(base::format_duration(into));
}

/// A size in a form that can be typed: `1GiB`.
static std::string typed_size(std::int64_t bytes) {
    constexpr std::array<std::pair<int, const char*>, 3> units = {{{30, "GiB"}, {20, "MiB"}, {10, "KiB"}}};
    for (const auto& [bits, unit] : units) {
        const std::int64_t size = std::int64_t{1} << bits;
        if (bytes >= size && bytes % size == 0) return fmt::format("{}{}", bytes / size, unit);
    }
    return fmt::format("{}", bytes);
}

CLI::Option* add_size(CLI::App& command, const std::string& name, std::int64_t& into,
                      const std::string& help) {
    return command
        .add_option_function<std::string>(
            name, [&into](const std::string& text) { into = base::parse_size(text); }, help)
        ->type_name("SIZE")
        ->default_str(typed_size(into));
}

CLI::Option* add_share(CLI::App& command, const std::string& name, double& into, const std::string& help) {
    return command
        .add_option_function<std::string>(
            name, [&into](const std::string& text) { into = base::parse_share(text); }, help)
        ->type_name("SHARE")
        ->default_str(fmt::format("{}%", into * 100));
}

void add_on_data_loss(CLI::App& command, bool& continues) {
    command
        .add_option_function<std::string>(
            "--on-data-loss", [&continues](const std::string& choice) { continues = choice == "continue"; },
            "when the log has removed records before they were read, or is not the one that was read before: "
            "fail, "
            "or continue, counting the gap, and taking a topic made anew from its start")
        ->check(CLI::IsMember({"fail", "continue"}))
        ->default_str("fail");
}

void SettingsOptions::add_to(CLI::App& command) {
    const std::string group = "Settings stored with the data";
    command.add_option("--currency", currency, "currency of events that name none (ISO 4217)")->group(group);
    command.add_option("--earliest", earliest, "events from before this time are quarantined")->group(group);
    command
        .add_option_function<std::string>(
            "--future", [this](const std::string& text) { future = base::parse_duration(text); },
            "events further past their log time are quarantined")
        ->type_name("DURATION")
        ->group(group);
    command.add_option("--max-event-types", max_event_types, "distinct event types beyond the known ones")
        ->check(CLI::Range(0, 10'000))
        ->group(group);
    command
        .add_option(
            "--dedupe-scope", dedupe_scope,
            "an event_id is unique in the table, or only in each of the log's partitions: that takes less of "
            "many workers, and misses copies that come through another partition")
        ->check(CLI::IsMember({"table", "partition"}))
        ->group(group);
    add_gold_to(command);
}

void SettingsOptions::add_gold_to(CLI::App& command) {
    const auto add = [&](const char* name, auto& into, auto parse, const char* help, const char* type) {
        command
            .add_option_function<std::string>(
                name, [&into, parse](const std::string& text) { into = parse(text); }, help)
            ->type_name(type)
            ->group("Settings of Gold, stored with the data");
    };
    const auto text = [](const std::string& name) { return name; };
    add("--time-zone", time_zone, text, "the shop's time zone, an IANA name, whose days are Gold's", "ZONE");
    add("--lateness", lateness, base::parse_duration, "how long windows wait for events that come late",
        "DURATION");
    add("--session-gap", session_gap, base::parse_duration, "time without an event that ends a session",
        "DURATION");
    add("--inactivity", inactivity, base::parse_duration, "likewise, of events without a session_id",
        "DURATION");
    add("--interest-share", interest_share, base::parse_share, "share of all views that is high interest",
        "SHARE");
    add("--interest-conversion", interest_conversion, base::parse_share,
        "conversion below which it is little", "SHARE");
    command.add_option("--interest-views", interest_views, "fewer views prove nothing")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}))
        ->group("Settings of Gold, stored with the data");
}

pipeline::ShopSettings SettingsOptions::over(const pipeline::ShopSettings& stored) const {
    pipeline::ShopSettings settings = stored;
    if (currency) settings.rules.currency = *currency;
    if (time_zone) settings.time_zone = *time_zone;
    if (future) settings.rules.future = *future;
    if (max_event_types) settings.rules.max_event_types = *max_event_types;
    if (lateness) settings.gold.lateness = lateness->count();
    if (session_gap) settings.gold.session_gap = session_gap->count();
    if (inactivity) settings.gold.inactivity = inactivity->count();
    if (interest_share) settings.gold.interest_share = *interest_share;
    if (interest_conversion) settings.gold.interest_conversion = *interest_conversion;
    if (interest_views) settings.gold.interest_views = *interest_views;
    if (dedupe_scope) settings.dedupe_scope = silver::dedupe_scope_of(*dedupe_scope);
    if (earliest) {
        const auto time = model::parse_timestamp(*earliest);
        if (!time)
            throw usage_error("reading --earliest", "it is not a timestamp such as 2000-01-01T00:00:00Z");
        settings.rules.earliest = *time;
    }
    return settings;
}

}  // namespace millrace::cli
