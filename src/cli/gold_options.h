#pragma once

#include "cli/command.h"
#include "pipeline/gold_stage.h"

namespace millrace::cli {

/// The gold stage's options of a command that runs it among others.
void add_gold_options(CLI::App& command, pipeline::GoldStageOptions& options);

}  // namespace millrace::cli
