#pragma once

#include "cli/command.h"
#include "gold/stage/gold_stage.h"
#include "publish/publisher.h"

namespace millrace::cli {

/// The gold stage's options of a command that runs it among others.
void add_gold_options(CLI::App& command, gold::GoldStageOptions& options, publish::PublishOptions& publish);

}  // namespace millrace::cli
