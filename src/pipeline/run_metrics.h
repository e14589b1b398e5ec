#pragma once

#include <vector>

#include "base/json.h"
#include "pipeline/run_status.h"
#include "serve/metrics_text.h"
#include "silver/stage/partition_tracker.h"

namespace millrace::pipeline {

/// The metrics of a running pipeline (docs/monitoring.md).
void add_metrics(serve::MetricsText& text, const RunStatus& status);

/// The status for the dashboard.
base::json::object to_json(const RunStatus& status, const std::vector<silver::PartitionLag>& partitions);

}  // namespace millrace::pipeline
