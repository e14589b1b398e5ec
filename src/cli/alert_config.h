#pragma once

#include <CLI/CLI.hpp>

#include "gold/alerts/alert_rules.h"
#include "publish/alert_sink.h"

namespace millrace::cli {

/// Reads the table `[alerts]` of the configuration file at `path`, if there is one, into `rules` and `sinks`.
/// MILLRACE_ALERTS_WEBHOOK_URL, MILLRACE_ALERTS_SMTP_USER and MILLRACE_ALERTS_SMTP_PASSWORD take precedence
/// over the file. Throws a usage Error that names the line of an invalid setting.
void read_alert_config(const std::string& path, gold::AlertRules& rules, publish::AlertSinkSettings& sinks);

}  // namespace millrace::cli
