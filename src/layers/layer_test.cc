#include "layers/layer.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "layers/table_reader.h"

namespace millrace::layers {
namespace {

using testing::HasSubstr;

TEST(Layer, AllButBronzeAreTables) {
    const catalog::DataDirectory data("shop");
    EXPECT_FALSE(table_layer(data, "bronze"));
    EXPECT_FALSE(table_layer(data, "gold"));
    for (const std::string& name : layer_names()) {
        if (name == "bronze") continue;
        const auto layer = table_layer(data, name);
        ASSERT_TRUE(layer) << name;
        EXPECT_NE(layer->file_columns->GetFieldByName(layer->order.time), nullptr) << name;
    }
}

TEST(Layer, ATableThatIsNotThereYetNamesTheCommandThatMakesIt) {
    const catalog::DataDirectory data(testing::TempDir() + "/no-such-shop");
    try {
        const TableReader reader(*table_layer(data, "gold.kpis"));
        FAIL() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), Error::Kind::usage);
        EXPECT_THAT(error.what(), HasSubstr("millrace gold --available-now"));
    }
}

}  // namespace
}  // namespace millrace::layers
