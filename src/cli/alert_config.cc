#include "cli/alert_config.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/units.h"
#include "cli/suggestion.h"

namespace millrace::cli {

namespace {

Error invalid_setting(const toml::node& node, const std::string& name, const std::string& what) {
    return usage_error(
        fmt::format("reading [{}] in the configuration, line {}", name, node.source().begin.line), what);
}

Error unknown_setting(const toml::node& node, const std::string& name, std::string_view given,
                      const std::vector<std::string>& names) {
    return invalid_setting(node, name,
                           fmt::format("there is no setting {}{}", given, did_you_mean(given, names)));
}

std::vector<std::string> rule_and_sink_names() {
    std::vector<std::string> names = {"log", "webhook", "smtp"};
    for (const gold::AlertRule rule : gold::all_rules) names.emplace_back(gold::rule_kind(rule).name);
    return names;
}

std::string string_of(const toml::node& node, const std::string& name) {
    if (const auto* text = node.as_string()) return text->get();
    throw invalid_setting(node, name, "it must be a string in quotes");
}

/// Parses a text with `parse`, whose Error then names the setting and its line.
template <typename Parse>
auto parsed(const toml::node& node, const std::string& name, const Parse& parse) {
    const std::string text = string_of(node, name);
    try {
        return parse(text);
    } catch (const Error& error) {
        throw invalid_setting(node, name, error.what());
    }
}

double number_of(const toml::node& node, const std::string& name) {
    const auto number = node.value<double>();
    if (number && std::isfinite(*number)) return *number;
    if (!node.is_string())
        throw invalid_setting(node, name, "it must be a number, or a share such as \"5%\"");
    return parsed(node, name, base::parse_share);
}

base::Duration duration_of(const toml::node& node, const std::string& name) {
    return parsed(node, name, base::parse_duration);
}

bool flag_of(const toml::node& node, const std::string& name) {
    if (const auto* flag = node.as_boolean()) return flag->get();
    throw invalid_setting(node, name, "it must be true or false");
}

std::vector<std::string> strings_of(const toml::node& node, const std::string& name) {
    const auto* list = node.as_array();
    if (list == nullptr) return {string_of(node, name)};
    std::vector<std::string> texts;
    for (const toml::node& each : *list) texts.push_back(string_of(each, name));
    return texts;
}

/// The names that settings had in 0.1. They are accepted, with a warning, until 0.3.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> former_names = {
    {{"least", "min_samples"},
     {"share", "min_share"},
     {"resolved", "resolve_threshold"},
     {"calm", "resolve_after"}}};

/// The name that a setting has today; warns of a former name.
std::string_view current_name(std::string_view given, const toml::node& node, std::string_view name) {
    for (const auto& [former, current] : former_names) {
        if (given != former) continue;
        spdlog::warn("configuration, line {}: {} is called {} now; the former name works until version 0.3",
                     node.source().begin.line, name, current);
        return current;
    }
    return given;
}

/// Reads the settings of a rule. A rule accepts `window`, `history`, `min_samples` and
/// `min_share` only if its defaults have them.
void read_rule(const toml::table& table, gold::AlertRule rule, gold::RuleSettings& settings) {
    constexpr base::Duration max_duration = std::chrono::days(1);
    constexpr double max_false_alarms = 1000;
    const gold::RuleSettings& defaults = gold::rule_kind(rule).defaults;
    for (const auto& [given, node] : table) {
        const std::string name = fmt::format("alerts.{}.{}", gold::rule_kind(rule).name, given.str());
        const std::string_view key = current_name(given.str(), node, name);
        const auto time = [&](base::Duration& into, bool whole_minutes) {
            into = duration_of(node, name);
            if (into > max_duration ||
                (whole_minutes &&
                 (into < std::chrono::minutes(1) || into % std::chrono::minutes(1) != base::Duration())))
                throw invalid_setting(node, name,
                                      whole_minutes ? "it must be whole minutes, at most one day"
                                                    : "it must be at most one day");
        };
        if (key == "enabled") {
            settings.enabled = flag_of(node, name);
        } else if (key == "threshold") {
            settings.threshold = number_of(node, name);
        } else if (key == "resolve_threshold") {
            settings.resolve_threshold = number_of(node, name);
        } else if (key == "pending") {
            time(settings.pending, false);
        } else if (key == "resolve_after") {
            time(settings.resolve_after, false);
        } else if (key == "window" && defaults.window.count() > 0) {
            time(settings.window, true);
        } else if (key == "history" && defaults.history.count() > 0) {
            time(settings.history, true);
        } else if (key == "false_alarms" && defaults.false_alarms > 0) {
            settings.false_alarms = number_of(node, name);
            if (settings.false_alarms <= 0 || settings.false_alarms > max_false_alarms)
                throw invalid_setting(node, name, "it must be a number per month, above 0 and at most 1000");
        } else if (key == "min_samples" && defaults.min_samples > 0) {
            settings.min_samples = number_of(node, name);
        } else if (key == "min_share" && defaults.min_share > 0) {
            settings.min_share = number_of(node, name);
        } else {
            throw invalid_setting(node, name, "the rule has no such setting");
        }
    }
    const bool below = gold::rule_kind(rule).below;
    if (below ? settings.resolve_threshold < settings.threshold
              : settings.resolve_threshold > settings.threshold)
        throw invalid_setting(
            table, fmt::format("alerts.{}", gold::rule_kind(rule).name),
            fmt::format("\"resolve_threshold\" ({}) must not be {} \"threshold\" ({})",
                        settings.resolve_threshold, below ? "below" : "above", settings.threshold));
}

void read_log(const toml::table& table, publish::LogSinkSettings& settings) {
    for (const auto& [key, node] : table) {
        if (key != "enabled") throw unknown_setting(node, "alerts.log", key.str(), {"enabled"});
        settings.enabled = flag_of(node, "alerts.log.enabled");
    }
}

void read_webhook(const toml::table& table, publish::WebhookSettings& settings) {
    for (const auto& [key, node] : table) {
        if (key != "url") throw unknown_setting(node, "alerts.webhook", key.str(), {"url"});
        settings.url = string_of(node, "alerts.webhook.url");
    }
}

void read_smtp(const toml::table& table, publish::SmtpSettings& settings) {
    for (const auto& [key, node] : table) {
        const std::string name = fmt::format("alerts.smtp.{}", key.str());
        if (key == "url") {
            settings.url = string_of(node, name);
        } else if (key == "from") {
            settings.from = string_of(node, name);
        } else if (key == "to") {
            settings.to = strings_of(node, name);
        } else if (key == "user") {
            settings.user = string_of(node, name);
        } else if (key == "password") {
            settings.password = string_of(node, name);
        } else {
            throw unknown_setting(node, "alerts.smtp", key.str(), {"url", "from", "to", "user", "password"});
        }
    }
}

void read_alerts(const toml::table& alerts, gold::AlertRules& rules, publish::AlertSinkSettings& sinks) {
    for (const auto& [key, node] : alerts) {
        const std::string name = fmt::format("alerts.{}", key.str());
        const auto* table = node.as_table();
        if (table == nullptr) throw invalid_setting(node, name, "it must be a table");
        if (const auto rule = gold::rule_of(key.str())) {
            read_rule(*table, *rule, rules[*rule]);
        } else if (key == "log") {
            read_log(*table, sinks.log);
        } else if (key == "webhook") {
            read_webhook(*table, sinks.webhook);
        } else if (key == "smtp") {
            read_smtp(*table, sinks.smtp);
        } else {
            throw invalid_setting(node, name,
                                  fmt::format("there is no such rule or sink{}",
                                              did_you_mean(key.str(), rule_and_sink_names())));
        }
    }
}

void read_variable(const char* name, std::string& into) {
    if (const char* value = std::getenv(name)) into = value;
}

}  // namespace

void read_alert_config(const std::string& path, gold::AlertRules& rules, publish::AlertSinkSettings& sinks) {
    if (!path.empty()) {
        // The syntax of the file was checked when the options were read.
        const toml::table file = toml::parse_file(path);
        if (const toml::node* node = file.get("alerts")) {
            if (node->as_table() == nullptr) throw invalid_setting(*node, "alerts", "it must be a table");
            read_alerts(*node->as_table(), rules, sinks);
        }
    }
    read_variable("MILLRACE_ALERTS_WEBHOOK_URL", sinks.webhook.url);
    read_variable("MILLRACE_ALERTS_SMTP_USER", sinks.smtp.user);
    read_variable("MILLRACE_ALERTS_SMTP_PASSWORD", sinks.smtp.password);
    publish::check_alert_sinks(sinks);
}

}  // namespace millrace::cli
