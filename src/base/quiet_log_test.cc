#include <gtest/gtest.h>

#include "base/log.h"

namespace {

/// Tests provoke warnings by the hundred; only faults are worth a line.
class QuietLog : public testing::Environment {
  public:
    void SetUp() override { spdlog::set_level(spdlog::level::err); }
};

const auto* const quiet_log = testing::AddGlobalTestEnvironment(new QuietLog);

}  // namespace
