#include "cli/alert_config.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <cstdlib>

#include "base/error.h"
#include "base/units.h"
#include "cli/suggestion.h"

namespace millrace::cli {

namespace {

Error wrong(const toml::node& node, const std::string& name, const std::string& what) {
    return usage_error(
        fmt::format("reading [{}] in the configuration, line {}", name, node.source().begin.line), what);
}

Error no_setting(const toml::node& node, const std::string& name, std::string_view given,
                 const std::vector<std::string>& names) {
    return wrong(node, name, fmt::format("there is no setting {}{}", given, did_you_mean(given, names)));
}

std::vector<std::string> rule_and_sink_names() {
    std::vector<std::string> names = {"log", "webhook", "smtp"};
    for (const gold::AlertRule rule : gold::all_rules) names.emplace_back(gold::rule_kind(rule).name);
    return names;
}

std::string text_of(const toml::node& node, const std::string& name) {
    if (const auto* text = node.as_string()) return text->get();
    throw wrong(node, name, "it must be a string in quotes");
}

double number_of(const toml::node& node, const std::string& name) {
    if (const auto number = node.value<double>()) return *number;
    if (const auto* text = node.as_string()) return base::parse_share(text->get());
    throw wrong(node, name, "it must be a number, or a share such as \"5%\"");
}

model::Timestamp time_of(const toml::node& node, const std::string& name) {
    return base::parse_duration(text_of(node, name)).count();
}

bool flag_of(const toml::node& node, const std::string& name) {
    if (const auto* flag = node.as_boolean()) return flag->get();
    throw wrong(node, name, "it must be true or false");
}

std::vector<std::string> texts_of(const toml::node& node, const std::string& name) {
    const auto* list = node.as_array();
    if (list == nullptr) return {text_of(node, name)};
    std::vector<std::string> texts;
    for (const toml::node& each : *list) texts.push_back(text_of(each, name));
    return texts;
}

/// A rule has the settings that its defaults have.
void read_rule(const toml::table& table, gold::AlertRule rule, gold::RuleSettings& settings) {
    constexpr model::Timestamp longest = model::us_per_day;
    const gold::RuleSettings& defaults = gold::rule_kind(rule).defaults;
    for (const auto& [key, node] : table) {
        const std::string name = fmt::format("alerts.{}.{}", gold::rule_kind(rule).name, key.str());
        const auto time = [&](model::Timestamp& into, bool whole_minutes) {
            into = time_of(node, name);
            if (into > longest ||
                (whole_minutes && (into < model::us_per_minute || into % model::us_per_minute != 0)))
                throw wrong(node, name,
                            whole_minutes ? "it must be whole minutes, at most one day"
                                          : "it must be at most one day");
        };
        if (key == "enabled") {
            settings.enabled = flag_of(node, name);
        } else if (key == "threshold") {
            settings.threshold = number_of(node, name);
        } else if (key == "resolved") {
            settings.resolved = number_of(node, name);
        } else if (key == "pending") {
            time(settings.pending, false);
        } else if (key == "calm") {
            time(settings.calm, false);
        } else if (key == "window" && defaults.window > 0) {
            time(settings.window, true);
        } else if (key == "history" && defaults.history > 0) {
            time(settings.history, true);
        } else if (key == "least" && defaults.least > 0) {
            settings.least = number_of(node, name);
        } else if (key == "share" && defaults.share > 0) {
            settings.share = number_of(node, name);
        } else {
            throw wrong(node, name, "the rule has no such setting");
        }
    }
    const bool below = gold::rule_kind(rule).below;
    if (below ? settings.resolved < settings.threshold : settings.resolved > settings.threshold)
        throw wrong(table, fmt::format("alerts.{}", gold::rule_kind(rule).name),
                    fmt::format("\"resolved\" ({}) must not be {} \"threshold\" ({})", settings.resolved,
                                below ? "below" : "above", settings.threshold));
}

void read_log(const toml::table& table, publish::LogSinkSettings& settings) {
    for (const auto& [key, node] : table) {
        if (key != "enabled") throw no_setting(node, "alerts.log", key.str(), {"enabled"});
        settings.enabled = flag_of(node, "alerts.log.enabled");
    }
}

void read_webhook(const toml::table& table, publish::WebhookSettings& settings) {
    for (const auto& [key, node] : table) {
        if (key != "url") throw no_setting(node, "alerts.webhook", key.str(), {"url"});
        settings.url = text_of(node, "alerts.webhook.url");
    }
}

void read_smtp(const toml::table& table, publish::SmtpSettings& settings) {
    for (const auto& [key, node] : table) {
        const std::string name = fmt::format("alerts.smtp.{}", key.str());
        if (key == "url") {
            settings.url = text_of(node, name);
        } else if (key == "from") {
            settings.from = text_of(node, name);
        } else if (key == "to") {
            settings.to = texts_of(node, name);
        } else if (key == "user") {
            settings.user = text_of(node, name);
        } else if (key == "password") {
            settings.password = text_of(node, name);
        } else {
            throw no_setting(node, "alerts.smtp", key.str(), {"url", "from", "to", "user", "password"});
        }
    }
}

void read_alerts(const toml::table& alerts, gold::AlertRules& rules, publish::AlertSinkSettings& sinks) {
    for (const auto& [key, node] : alerts) {
        const std::string name = fmt::format("alerts.{}", key.str());
        const auto* table = node.as_table();
        if (table == nullptr) throw wrong(node, name, "it must be a table");
        if (const auto rule = gold::rule_of(key.str())) {
            read_rule(*table, *rule, rules[*rule]);
        } else if (key == "log") {
            read_log(*table, sinks.log);
        } else if (key == "webhook") {
            read_webhook(*table, sinks.webhook);
        } else if (key == "smtp") {
            read_smtp(*table, sinks.smtp);
        } else {
            throw wrong(node, name,
                        fmt::format("there is no such rule or sink{}",
                                    did_you_mean(key.str(), rule_and_sink_names())));
        }
    }
}

void read_environment(const char* name, std::string& into) {
    if (const char* value = std::getenv(name)) into = value;
}

}  // namespace

void read_alert_config(const std::string& path, gold::AlertRules& rules, publish::AlertSinkSettings& sinks) {
    if (!path.empty()) {
        // Its syntax was checked when the options were read.
        const toml::table file = toml::parse_file(path);
        if (const toml::node* node = file.get("alerts")) {
            if (node->as_table() == nullptr) throw wrong(*node, "alerts", "it must be a table");
            read_alerts(*node->as_table(), rules, sinks);
        }
    }
    read_environment("MILLRACE_ALERTS_WEBHOOK_URL", sinks.webhook.url);
    read_environment("MILLRACE_ALERTS_SMTP_USER", sinks.smtp.user);
    read_environment("MILLRACE_ALERTS_SMTP_PASSWORD", sinks.smtp.password);
    publish::check_alert_sinks(sinks);
}

}  // namespace millrace::cli
