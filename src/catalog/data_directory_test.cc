#include "catalog/data_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>

#include "base/error.h"

namespace millrace::catalog {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class DataDirectoryTest : public testing::Test {
  protected:
    DataDirectoryTest() { fs::remove_all(root_); }
    ~DataDirectoryTest() override { fs::remove_all(root_); }

    /// Returns the error text with which settings that `change` modifies are refused.
    std::string refusal(const std::function<void(model::ShopSettings&)>& change) {
        const DataDirectory data(root_);
        data.store(model::ShopSettings());
        model::ShopSettings wanted;
        change(wanted);
        try {
            data.adopt(wanted);
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), Error::Kind::usage);
            return error.what();
        }
        return "it was adopted";
    }

    fs::path root_ = fs::temp_directory_path() / ("millrace_directory_test_" + std::to_string(::getpid()));
};

TEST_F(DataDirectoryTest, OtherSettingsAreRefusedByTheOptionAndInItsUnits) {
    const model::GoldOptions defaults;
    EXPECT_EQ(defaults.session_gap, std::chrono::minutes(30));
    EXPECT_THAT(refusal([](model::ShopSettings& wanted) { wanted.gold.session_gap = std::chrono::hours(1); }),
                HasSubstr("--session-gap is 30m, not 1h."));
    EXPECT_THAT(refusal([](model::ShopSettings& wanted) { wanted.rules.future = std::chrono::minutes(90); }),
                HasSubstr("--future is 1d, not 1h30m."));
    EXPECT_THAT(refusal([](model::ShopSettings& wanted) { wanted.gold.interest_share = 0.075; }),
                HasSubstr("--interest-share is 5%, not 7.5%."));
    EXPECT_THAT(refusal([](model::ShopSettings& wanted) { wanted.rules.currency = "USD"; }),
                HasSubstr("--currency is EUR, not USD."));
    EXPECT_THAT(refusal([](model::ShopSettings& wanted) { wanted.time_zone = "Asia/Tokyo"; }),
                HasSubstr("--time-zone is UTC, not Asia/Tokyo."));
    EXPECT_THAT(refusal([](model::ShopSettings& wanted) { wanted.rules.max_event_types = 7; }),
                HasSubstr("--max-event-types is 100, not 7."));
}

TEST_F(DataDirectoryTest, TheSameSettingsAreAdopted) {
    EXPECT_EQ(refusal([](model::ShopSettings&) {}), "it was adopted");
}

}  // namespace
}  // namespace millrace::catalog
