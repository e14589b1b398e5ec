#pragma once

#include "cli/command.h"
#include "gold/stage/gold_stage.h"
#include "publish/publisher.h"

namespace millrace::cli {

/// Adds the options of the gold stage to a command that also runs other stages.
void add_gold_options(CLI::App& command, gold::GoldStageOptions& options, publish::PublishOptions& publish);

}  // namespace millrace::cli
