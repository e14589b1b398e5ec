#include "cli/commands/layer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/error.h"

namespace millrace::cli {
namespace {

using testing::HasSubstr;

std::string message_of(const std::function<void()>& what) {
    try {
        what();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), Error::Kind::usage);
        return error.what();
    }
    return "nothing was thrown";
}

TEST(LayerCommand, AnUnknownColumnIsAUsageErrorThatListsTheColumns) {
    const std::vector<storage::TableColumn> columns = {{"event_id", "VARCHAR"}, {"price", "DOUBLE"}};
    EXPECT_EQ(column_of("silver", columns, "price").type, "DOUBLE");
    EXPECT_EQ(message_of([&] { column_of("silver", columns, "prise"); }),
              "silver has no column prise; did you mean price? It has: event_id, price");
}

TEST(LayerCommand, AnUnknownLayerIsAUsageErrorThatListsTheLayers) {
    EXPECT_THAT(message_of([] { open_layer(Globals(), "gold"); }),
                HasSubstr("no layer gold; it has: bronze, silver, quarantine"));
}

}  // namespace
}  // namespace millrace::cli
