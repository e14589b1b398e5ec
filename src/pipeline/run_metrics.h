#pragma once

#include "pipeline/run.h"
#include "serve/metrics_text.h"

namespace millrace::pipeline {

/// The metrics of a running pipeline (docs/monitoring.md).
void add_metrics(serve::MetricsText& text, const RunStatus& status);

/// The same for the dashboard.
base::json::object to_json(const RunStatus& status, const std::vector<silver::PartitionLag>& partitions);

}  // namespace millrace::pipeline
