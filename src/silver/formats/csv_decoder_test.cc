#include "silver/formats/csv_decoder.h"

#include <gtest/gtest.h>

#include "silver/message/test_message.h"

namespace millrace::silver {
namespace {

using model::ValidationRule;

constexpr std::string_view rees46_header =
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session";

class CsvDecoderTest : public testing::Test {
  protected:
    template <typename Decoder>
    const Item& decode(Decoder& decoder, std::string_view header, std::string_view line,
                       std::string_view place = {}, std::string_view shared = {}) {
        sent_ = std::make_unique<TestMessage>(line);
        sent_->message.origin.columns = header;
        sent_->message.origin.place = place;
        sent_->message.origin.shared = shared;
        decoder.decode(sent_->message, items_);
        EXPECT_EQ(items_.size(), 1U);
        return items_.front();
    }

    Rees46Decoder rees46_;
    RetailrocketDecoder retailrocket_;
    std::vector<Item> items_;
    std::unique_ptr<TestMessage> sent_;
};

TEST_F(CsvDecoderTest, ARowOfRees46KeepsEveryColumn) {
    const Item& item = decode(rees46_, rees46_header, "2019-10-01 00:00:00 UTC,cart,1,2,a.b,br,35.79,u1,s1");
    ASSERT_TRUE(item.verdict.ok());
    EXPECT_EQ(item.event.event_type, "add_to_cart");
    EXPECT_EQ(item.event.timestamp, model::from_us(1'569'888'000'000'000));
    EXPECT_EQ(item.event.product_id, "1");
    EXPECT_EQ(item.event.product_category, "a.b");
    EXPECT_EQ(item.event.details.brand, "br");
    EXPECT_EQ(item.event.price, 35.79);
    EXPECT_EQ(item.event.user_id, "u1");
    EXPECT_EQ(item.event.session_id, "s1");
    EXPECT_EQ(item.event.details.properties, R"({"category_id":"2"})");
}

TEST_F(CsvDecoderTest, TheTimesOfRees46AreUtcWithoutSayingSo) {
    const auto time = [&](std::string_view text) {
        return decode(rees46_, "event_time,event_type,product_id,price,user_id",
                      std::string(text) + ",view,1,2,u")
            .event.timestamp;
    };
    EXPECT_EQ(time("2019-10-01 00:00:05"), model::from_us(1'569'888'005'000'000));
    EXPECT_EQ(time("2019-10-01T00:00:05Z"), model::from_us(1'569'888'005'000'000));
}

TEST_F(CsvDecoderTest, ARowThatCannotBeReadNamesTheColumn) {
    const auto verdict = [&](std::string_view line) { return decode(rees46_, rees46_header, line).verdict; };
    EXPECT_EQ(verdict("12,cut li").rule, ValidationRule::bad_row);
    EXPECT_EQ(verdict("yesterday,view,1,2,,,3,u,s").rule, ValidationRule::bad_timestamp);
    EXPECT_EQ(verdict("2019-10-01 00:00:00 UTC,view,1,2,,,abc,u,s").rule, ValidationRule::bad_price);
    EXPECT_EQ(verdict("2019-10-01 00:00:00 UTC,view,1,2,,,3,,s").field, "user_id");
    EXPECT_EQ(verdict("2019-10-01 00:00:00 UTC,view,1,2,,\xff,3,u,s").rule, ValidationRule::not_utf8);
}

TEST_F(CsvDecoderTest, EqualRowsHaveIdsOfTheirOwn) {
    constexpr std::string_view line = "2019-10-01 00:00:00 UTC,view,1,2,,,3.5,u1,s1";
    const std::string first(decode(rees46_, rees46_header, line).event.event_id);
    const std::string second(decode(rees46_, rees46_header, line, "1").event.event_id);
    EXPECT_NE(first, second);
    EXPECT_EQ(decode(rees46_, rees46_header, line, "0").event.event_id, first);
    EXPECT_EQ(decode(rees46_, rees46_header, line, "1").event.event_id, second);
}

TEST_F(CsvDecoderTest, PurchasesOfAVisitAreOneOrderOfALineEach) {
    const auto bought = [&](std::string_view time, std::string_view place) {
        const Item& item =
            decode(rees46_, rees46_header, std::string(time) + ",purchase,1,2,,,3.5,u1,s1", place);
        EXPECT_EQ(item.event.order_id, "s1");
        return item.event.details.line_number.value();
    };
    const auto first = bought("2019-10-01 00:00:00 UTC", "0");
    EXPECT_EQ(bought("2019-10-01 00:00:00 UTC", "0"), first);
    EXPECT_NE(bought("2019-10-01 00:00:00 UTC", "1"), first);
    EXPECT_NE(bought("2019-10-01 00:00:01 UTC", "0"), first);
    EXPECT_FALSE(
        decode(rees46_, rees46_header, "2019-10-01 00:00:00 UTC,view,1,2,,,3.5,u1,s1").event.order_id);
}

TEST_F(CsvDecoderTest, ARowOfRetailrocketHasItsPriceFromTheImport) {
    constexpr std::string_view header = "timestamp,visitorid,event,itemid,transactionid";
    constexpr std::string_view line = "1433224214164,992329,transaction,248676,17";
    const Item& item = decode(retailrocket_, header, line, "0", R"({"price":9.99})");
    ASSERT_TRUE(item.verdict.ok());
    EXPECT_EQ(item.event.event_type, "purchase");
    EXPECT_EQ(item.event.order_id, "17");
    EXPECT_TRUE(item.event.details.line_number);
    EXPECT_EQ(item.event.price, 9.99);
    EXPECT_EQ(item.event.timestamp, model::from_us(1'433'224'214'164'000));
    EXPECT_FALSE(decode(retailrocket_, header, line).event.price);
}

}  // namespace
}  // namespace millrace::silver
