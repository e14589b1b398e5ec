#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/stop.h"
#include "base/units.h"
#include "bronze/event_log.h"
#include "bronze/kafka_client.h"
#include "catalog/data_directory.h"
#include "cli/option.h"

namespace millrace::cli {

/// The options that precede every command, and the action that the chosen command sets.
struct Globals {
    std::string data = "data";
    std::string log_format = "text";
    std::string bronze;
    std::vector<std::string> kafka;
    std::string topic = bronze::default_topic;
    std::string config;  ///< the TOML file; empty if there is none
    std::function<int()> action;

    [[nodiscard]] catalog::DataDirectory data_directory() const { return catalog::DataDirectory(data); }
    [[nodiscard]] bool uses_kafka() const { return bronze.starts_with("kafka:"); }
    /// The address in --bronze, with the topic of --topic unless the address names one, and with the
    /// properties of --kafka. Throws a usage Error for a malformed address or property.
    [[nodiscard]] bronze::KafkaAddress kafka_address() const;
    /// The folder of the embedded log. Throws a usage Error if --bronze names another kind of log.
    [[nodiscard]] std::filesystem::path bronze_directory() const;
    /// Whether the log may have the topic. Always true for Kafka, since a broker does not list topics that
    /// the user may not see.
    [[nodiscard]] bool may_have_log() const { return uses_kafka() || has_topic(topic_name()); }
    /// The location of the log, for messages.
    [[nodiscard]] std::string bronze_place() const;
    /// Prints that there is nothing to do, since the log holds no events, and how to add some.
    void print_no_events() const;
    [[nodiscard]] std::unique_ptr<bronze::EventLog> open_log() const { return open_log(topic_name()); }
    [[nodiscard]] std::unique_ptr<bronze::EventLog> open_log(const std::string& topic) const;
    /// `stop` ends appends that wait for another process; it must outlive the log.
    [[nodiscard]] std::unique_ptr<bronze::EventLog> open_or_create_log(
        const base::StopSignal* stop = nullptr) const {
        return open_or_create_log(topic_name(), stop);
    }
    [[nodiscard]] std::unique_ptr<bronze::EventLog> open_or_create_log(
        const std::string& topic, const base::StopSignal* stop = nullptr) const;
    /// Opens or creates the log for HTTP clients, who wait for the reply: an append fails within seconds if
    /// the broker is unavailable.
    [[nodiscard]] std::unique_ptr<bronze::EventLog> open_or_create_intake_log(
        const base::StopSignal& stop) const;
    [[nodiscard]] std::string topic_name() const;

  private:
    [[nodiscard]] bool has_topic(const std::string& name) const;
};

using AddCommand = void (*)(CLI::App& app, Globals& globals);

void add_demo_command(CLI::App& app, Globals& globals);
void add_run_command(CLI::App& app, Globals& globals);
void add_produce_command(CLI::App& app, Globals& globals);
void add_import_command(CLI::App& app, Globals& globals);
void add_load_command(CLI::App& app, Globals& globals);
void add_silver_command(CLI::App& app, Globals& globals);
void add_gold_command(CLI::App& app, Globals& globals);
void add_serve_command(CLI::App& app, Globals& globals);
void add_sql_command(CLI::App& app, Globals& globals);
void add_access_command(CLI::App& app, Globals& globals);
void add_archive_command(CLI::App& app, Globals& globals);
void add_backup_command(CLI::App& app, Globals& globals);
void add_restore_command(CLI::App& app, Globals& globals);
void add_verify_command(CLI::App& app, Globals& globals);
void add_freshness_command(CLI::App& app, Globals& globals);
void add_topic_command(CLI::App& app, Globals& globals);
void add_group_command(CLI::App& app, Globals& globals);
void add_show_command(CLI::App& app, Globals& globals);
void add_count_command(CLI::App& app, Globals& globals);
void add_quarantine_command(CLI::App& app, Globals& globals);
void add_identities_command(CLI::App& app, Globals& globals);
void add_optimize_command(CLI::App& app, Globals& globals);
void add_vacuum_command(CLI::App& app, Globals& globals);
void add_replay_command(CLI::App& app, Globals& globals);
void add_completions_command(CLI::App& app, Globals& globals);
void add_man_command(CLI::App& app, Globals& globals);
void add_help_command(CLI::App& app, Globals& globals);

/// Adds `--on-data-loss fail|continue`.
void add_on_data_loss(CLI::App& command, bool& continues);

/// The settings that change results, as given on the command line. They are stored with the data.
struct SettingsOptions {
    std::optional<std::string> currency;
    std::optional<std::string> time_zone;
    std::optional<model::Timestamp> earliest;
    std::optional<base::Duration> future;
    std::optional<int> max_event_types;
    std::optional<std::string> require_price;
    std::optional<std::string> free_items;
    std::optional<std::string> message_format;
    std::optional<std::string> dedupe_scope;
    std::optional<base::Duration> lateness;
    std::optional<base::Duration> session_gap;
    std::optional<base::Duration> order_repeats;
    std::optional<base::Duration> order_life;
    std::optional<base::Duration> identity_reach;
    std::optional<base::Duration> inactivity;
    std::optional<double> interest_share;
    std::optional<double> interest_conversion;
    std::optional<std::int64_t> interest_views;

    void add_to(CLI::App& command);
    /// Adds only the settings that Gold alone depends on.
    void add_gold_to(CLI::App& command);
    /// The stored settings, overridden by those that were given.
    [[nodiscard]] model::ShopSettings over(const model::ShopSettings& stored) const;
};

}  // namespace millrace::cli
