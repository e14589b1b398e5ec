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

/// The options that stand before every command, and the action that the chosen command set.
struct Globals {
    std::string data = "data";
    std::string log_format = "text";
    std::string bronze;
    std::vector<std::string> kafka;
    std::string topic = bronze::default_topic;
    std::string config;  ///< the TOML file; empty when there is none
    std::function<int()> action;

    [[nodiscard]] catalog::DataDirectory data_directory() const { return catalog::DataDirectory(data); }
    [[nodiscard]] bool uses_kafka() const { return bronze.starts_with("kafka:"); }
    /// The address in --bronze with --topic, unless it names one, and with --kafka. Throws a usage Error.
    [[nodiscard]] bronze::KafkaAddress kafka_address() const;
    /// The folder of the embedded log. Throws a usage Error for a log of another kind.
    [[nodiscard]] std::filesystem::path bronze_directory() const;
    /// Whether the log may have the topic: a broker doesn't name those that the user may not see.
    [[nodiscard]] bool may_have_log() const { return uses_kafka() || has_topic(topic_name()); }
    /// Where the log is, for people.
    [[nodiscard]] std::string bronze_place() const;
    /// Says that there is nothing to do, since the log has no events, and how to send some.
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
    /// The same for HTTP clients, who wait for the answer: a broker that is away is an error within seconds.
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
void add_verify_command(CLI::App& app, Globals& globals);
void add_topic_command(CLI::App& app, Globals& globals);
void add_group_command(CLI::App& app, Globals& globals);
void add_show_command(CLI::App& app, Globals& globals);
void add_count_command(CLI::App& app, Globals& globals);
void add_quarantine_command(CLI::App& app, Globals& globals);
void add_optimize_command(CLI::App& app, Globals& globals);
void add_vacuum_command(CLI::App& app, Globals& globals);
void add_replay_command(CLI::App& app, Globals& globals);
void add_completions_command(CLI::App& app, Globals& globals);
void add_man_command(CLI::App& app, Globals& globals);
void add_help_command(CLI::App& app, Globals& globals);

/// `--on-data-loss fail|continue`.
void add_on_data_loss(CLI::App& command, bool& continues);

/// The options that change results (stored with the data), as given on the command line.
struct SettingsOptions {
    std::optional<std::string> currency;
    std::optional<std::string> time_zone;
    std::optional<model::Timestamp> earliest;
    std::optional<base::Duration> future;
    std::optional<int> max_event_types;
    std::optional<std::string> dedupe_scope;
    std::optional<base::Duration> lateness;
    std::optional<base::Duration> session_gap;
    std::optional<base::Duration> inactivity;
    std::optional<double> interest_share;
    std::optional<double> interest_conversion;
    std::optional<std::int64_t> interest_views;

    void add_to(CLI::App& command);
    /// Those that Gold alone depends on.
    void add_gold_to(CLI::App& command);
    /// The stored settings with what was given put over them.
    [[nodiscard]] model::ShopSettings over(const model::ShopSettings& stored) const;
};

}  // namespace millrace::cli
