#include <gtest/gtest.h>

#include "base/log.h"

namespace {

/// Logs errors only, because tests provoke hundreds of warnings.
class QuietLog : public testing::Environment {
  public:
    void SetUp() override { spdlog::set_level(spdlog::level::err); }
};

const auto* const quiet_log = testing::AddGlobalTestEnvironment(new QuietLog);

}  // namespace
