#pragma once

#include <nanobind/nanobind.h>

namespace millrace::python {

/// Adds GoldJob (src/python/gold_job.h) to the module.
void bind_gold_job(nanobind::module_& module);

/// Adds SilverPlanner, SilverTask and SilverCommitter (src/python/silver_job.h) to the module.
void bind_silver_job(nanobind::module_& module);

}  // namespace millrace::python
