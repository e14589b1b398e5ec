#include "cli/command.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "bronze/kafka_log.h"
#include "bronze/kafka_topics.h"
#include "bronze/segment_log.h"
#include "bronze/topics.h"

namespace millrace::cli {

std::filesystem::path Globals::bronze_directory() const {
    if (bronze.empty()) return data_directory().bronze();
    if (bronze.starts_with("file:")) return bronze.substr(5);
    throw usage_error(fmt::format("opening the log {}", bronze), "the address has an unknown form",
                      "Use --bronze file:FOLDER or --bronze kafka://HOST:PORT/TOPIC, or omit --bronze.");
}

bronze::KafkaAddress Globals::kafka_address() const {
    bronze::KafkaAddress address = bronze::KafkaAddress::parse(bronze);
    if (address.topic.empty()) address.topic = topic;
    for (const std::string& property : kafka) {
        const auto at = property.find('=');
        if (at == std::string::npos || at == 0)
            // The message leaves out the property, which may be a secret.
            throw usage_error("reading --kafka", "each property must have the form KEY=VALUE");
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

void Globals::print_no_events() const {
    fmt::print("nothing to do: {} holds no events yet. Add some with: millrace produce, or millrace import\n",
               bronze_place());
}

bool Globals::has_topic(const std::string& name) const {
    if (!uses_kafka()) return bronze::TopicCatalog(bronze_directory()).find(name).has_value();
    const auto known = bronze::KafkaTopics(kafka_address()).list();
    return std::ranges::find(known, name, &bronze::KafkaTopic::name) != known.end();
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
    if (!has_topic(name)) bronze::KafkaTopics(kafka_address()).create(name, bronze::default_partitions, {});
    return open_log(name);
}

std::unique_ptr<bronze::EventLog> Globals::open_or_create_intake_log(const base::StopSignal& stop) const {
    Globals with_timeout = *this;
    // The properties of --kafka come later and can override this one.
    with_timeout.kafka.insert(with_timeout.kafka.begin(), "delivery.timeout.ms=10000");
    return with_timeout.open_or_create_log(&stop);
}

void add_on_data_loss(CLI::App& command, bool& continues) {
    command
        .add_option_function<std::string>(
            "--on-data-loss", [&continues](const std::string& choice) { continues = choice == "continue"; },
            "What to do if the log has removed records that were not read yet, or has been replaced by "
            "another log: fail, or continue and count the gap.")
        ->type_name("")
        ->check(must_be_one_of({"fail", "continue"}))
        ->default_str("fail");
}

void SettingsOptions::add_to(CLI::App& command) {
    static const model::ShopSettings initial;
    const std::string group = "Settings stored with the data (the defaults are those of a new shop)";
    add_value(command, "--currency", currency, "CODE",
              "Currency of events that do not name one, as an ISO 4217 code.")
        ->default_str(initial.rules.currency)
        ->group(group);
    add_time(command, "--earliest", earliest, "Quarantine events with an earlier timestamp than this.")
        ->default_str(model::format_timestamp(initial.rules.earliest))
        ->group(group);
    add_duration(command, "--future", future,
                 "Quarantine events whose timestamp is later than their log time by more than this.")
        ->default_str(base::format_duration(initial.rules.future))
        ->group(group);
    add_number(command, "--max-event-types", max_event_types, 0, 10'000,
               "Maximum number of distinct event types beyond the four known ones.")
        ->default_str(std::to_string(initial.rules.max_event_types))
        ->group(group);
    add_choice(
        command, "--require-price", require_price, {"purchases", "all"},
        "Events that are quarantined without a price: purchases and refunds, or views and additions to "
        "the cart as well.")
        ->default_str(std::string(model::price_requirement_name(initial.rules.require_price)))
        ->group(group);
    add_choice(command, "--free-items", free_items, {"refuse", "accept"},
               "What to do with events whose price is 0: refuse puts them in quarantine.")
        ->default_str(initial.rules.accept_free_items ? "accept" : "refuse")
        ->group(group);
    add_choice(command, "--message-format", message_format,
               {"auto", "native", "segment", "ga4", "rees46", "retailrocket"},
               "Format of messages whose record has no header millrace-format. With auto, the shape of each "
               "message tells native events, Segment's and GA4's apart.")
        ->default_str(initial.rules.message_format)
        ->group(group);
    add_choice(command, "--dedupe-scope", dedupe_scope, {"table", "partition"},
               "Scope in which an event_id is unique: the whole table, or each partition of the log. The "
               "scope partition is cheaper with many workers, but misses duplicates across partitions.")
        ->default_str(std::string(model::dedupe_scope_name(initial.dedupe_scope)))
        ->group(group);
    add_gold_to(command);
}

void SettingsOptions::add_gold_to(CLI::App& command) {
    static const model::ShopSettings initial;
    const std::string group = "Gold settings stored with the data (the defaults are those of a new shop)";
    add_value(command, "--time-zone", time_zone, "ZONE",
              "Time zone of the shop, as an IANA name. It determines when a day begins.")
        ->default_str(initial.time_zone)
        ->group(group);
    add_duration(command, "--lateness", lateness, "Time to wait for late events before a window is closed.")
        ->default_str(base::format_duration(initial.gold.lateness))
        ->group(group);
    add_duration(command, "--session-gap", session_gap, "End a session after this long without events.")
        ->default_str(base::format_duration(initial.gold.session_gap))
        ->group(group);
    add_duration(command, "--inactivity", inactivity,
                 "End a session whose events have no session_id after this long without events.")
        ->default_str(base::format_duration(initial.gold.inactivity))
        ->group(group);
    add_duration(command, "--order-repeats", order_repeats,
                 "How far back the line of an order is looked for. A line that came before is a repeat, and "
                 "adds nothing to orders and revenue.")
        ->default_str(base::format_duration(initial.gold.order_repeats))
        ->group(group);
    add_duration(command, "--order-life", order_life,
                 "How long after its last event an order takes further events, such as refunds. Later ones "
                 "begin another order of the same id.")
        ->default_str(base::format_duration(initial.gold.order_life))
        ->group(group);
    add_duration(command, "--identity-reach", identity_reach,
                 "How long before and after a login an anonymous id belongs to the user, 30 days at most. A "
                 "visitor that was not seen for so long is new.")
        ->default_str(base::format_duration(initial.gold.identity_reach))
        ->group(group);
    add_share(command, "--interest-share", interest_share,
              "Watch products with at least this share of all views (high interest).")
        ->default_str(base::format_share(initial.gold.interest_share))
        ->group(group);
    add_share(command, "--interest-conversion", interest_conversion,
              "Flag watched products whose conversion is below this.")
        ->default_str(base::format_share(initial.gold.interest_conversion))
        ->group(group);
    add_number(command, "--interest-views", interest_views, 1, 1'000'000'000,
               "Minimum number of views before a product is judged.")
        ->default_str(std::to_string(initial.gold.interest_views))
        ->group(group);
}

model::ShopSettings SettingsOptions::over(const model::ShopSettings& stored) const {
    model::ShopSettings settings = stored;
    if (currency) settings.rules.currency = *currency;
    if (time_zone) settings.time_zone = *time_zone;
    if (future) settings.rules.future = *future;
    if (max_event_types) settings.rules.max_event_types = *max_event_types;
    if (lateness) settings.gold.lateness = *lateness;
    if (session_gap) settings.gold.session_gap = *session_gap;
    if (inactivity) settings.gold.inactivity = *inactivity;
    if (order_repeats) settings.gold.order_repeats = *order_repeats;
    if (order_life) settings.gold.order_life = *order_life;
    if (identity_reach) settings.gold.identity_reach = *identity_reach;
    if (interest_share) settings.gold.interest_share = *interest_share;
    if (interest_conversion) settings.gold.interest_conversion = *interest_conversion;
    if (interest_views) settings.gold.interest_views = *interest_views;
    if (require_price) settings.rules.require_price = model::price_requirement_of(*require_price);
    if (free_items) settings.rules.accept_free_items = *free_items == "accept";
    if (message_format) settings.rules.message_format = *message_format;
    if (dedupe_scope) settings.dedupe_scope = model::dedupe_scope_of(*dedupe_scope);
    if (earliest) settings.rules.earliest = *earliest;
    return settings;
}

}  // namespace millrace::cli
