#pragma once

#include "pipeline/run.h"
#include "serve/metrics_text.h"

namespace millrace::pipeline {

/// The metrics of a running pipeline (docs/monitoring.md).
void add_metrics(serve::MetricsText& text, const RunStatus& status);

}  // namespace millrace::pipeline
