#include "python/decoder.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "python/gold_tables.h"
#include "silver/silver_table.h"

namespace millrace::python {
namespace {

constexpr auto view = R"({"event_id": "e1", "event_type": "view", "user_id": "u", "product_id": "p",)"
                      R"( "price": 2, "timestamp": "2024-06-01T10:00:00Z"})";
constexpr auto purchase = R"({"event_id": "e2", "event_type": "purchase", "user_id": "u", "product_id": "p",)"
                          R"( "order_id": "o", "price": 2, "timestamp": "2024-06-01T10:01:00Z"})";

Decoder::Decoded decode(Decoder& decoder, const std::vector<std::string_view>& values) {
    const InputRecords input(values, {});
    return decoder.decode(input.records());
}

std::shared_ptr<arrow::Table> table_of(const Rows& rows) {
    return rows.reader()->ToTable().ValueOrDie();
}

TEST(PythonDecoder, RowsStayValidAfterTheDecoderAndItsRecordsAreGone) {
    std::shared_ptr<arrow::Table> silver;
    std::shared_ptr<arrow::Table> quarantine;
    {
        Decoder decoder({}, {.topic = "t"});
        const auto decoded = decode(decoder, {view, purchase, "broken"});
        silver = table_of(decoded.silver);
        quarantine = table_of(decoded.quarantine);
        (void)decode(decoder, {view, view, view});
    }
    ASSERT_TRUE(silver->ValidateFull().ok());
    EXPECT_TRUE(silver->schema()->Equals(*silver::silver_schema()));
    EXPECT_EQ(silver->num_rows(), 2);
    EXPECT_EQ(silver->GetColumnByName("user_id")->GetScalar(1).ValueOrDie()->ToString(), "u");
    EXPECT_EQ(quarantine->GetColumnByName("value")->GetScalar(0).ValueOrDie()->ToString(), "broken");
}

TEST(PythonDecoder, ItsCountsAddUp) {
    Decoder decoder({}, {.topic = "t"});
    (void)decode(decoder, {view, "broken", purchase});
    (void)decode(decoder, {view});
    const DecoderCounts counts = decoder.counts();
    EXPECT_EQ(counts.records, 4);
    EXPECT_EQ(counts.items, 4);
    EXPECT_EQ(counts.silver, 3);
    EXPECT_EQ(counts.quarantined, 1);
}

TEST(PythonDecoder, AFormatThatIsNotKnownIsAnError) {
    EXPECT_THROW(Decoder({.message_format = "xml"}, {.topic = "t"}), Error);
}

TEST(PythonMetrics, TablesAreComputedOfRowsInAnyGroups) {
    Decoder decoder({}, {.topic = "t"});
    const auto decoded = decode(decoder, {view, purchase});
    GoldTables metrics("UTC", {});
    for (const auto& batch : decoded.silver.batches()) metrics.add(*batch);
    const auto tables = metrics.finish();
    EXPECT_EQ(tables.at("orders").size(), 1);
    EXPECT_EQ(tables.at("sessions").size(), 1);
    EXPECT_EQ(metrics.finish().at("orders").size(), 0) << "the events are forgotten";
}

}  // namespace
}  // namespace millrace::python
