#pragma once

#include <CLI/CLI.hpp>

#include "pipeline/gold_stage.h"

namespace millrace::cli {

/// Reads the table `[alerts]` of the configuration file, where there is one, over what stands in `options`;
/// MILLRACE_ALERTS_WEBHOOK_URL, MILLRACE_ALERTS_SMTP_USER and MILLRACE_ALERTS_SMTP_PASSWORD win over the
/// file. Throws a usage Error that names the line of what can't be used.
void read_alert_config(const std::string& path, pipeline::GoldStageOptions& options);

}  // namespace millrace::cli
