#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "bronze/record.h"
#include "produce/importer.h"
#include "produce/test_files.h"

namespace millrace::produce {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr const char* csv_header =
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session";
constexpr const char* rocket_header = "timestamp,visitorid,event,itemid,transactionid";

class RowConvertersTest : public FilesTest {
  protected:
    /// A row as a converter has left it.
    struct Converted {
        std::string key;
        std::string value;
        model::Timestamp time;
        bool without_price = false;

        [[nodiscard]] boost::json::object event() const { return boost::json::parse(value).as_object(); }
    };

    static std::unique_ptr<RowConverter> rees46(std::string_view header = csv_header) {
        auto converter = make_converter({.format = ImportFormat::rees46});
        converter->header(header, "r.csv");
        return converter;
    }
    static std::unique_ptr<RowConverter> retailrocket(const fs::path& prices = {}) {
        auto converter = make_converter({.format = ImportFormat::retailrocket, .price_file = prices});
        converter->header(rocket_header, "r.csv");
        return converter;
    }
    static std::optional<Converted> convert(RowConverter& converter, const std::string& line,
                                            std::int64_t occurrence = 0) {
        // A line is followed by readable bytes.
        const std::string padded = line + std::string(bronze::record_padding, '\0');
        RowConverter::Row row;
        if (!converter.convert(std::string_view(padded).substr(0, line.size()), occurrence, row)) return {};
        return Converted{std::string(row.key), std::string(row.value), row.time, row.without_price};
    }
    static std::optional<Converted> with_price(const std::string& price) {
        return convert(*rees46(), "2019-10-01 00:00:00 UTC,view,1,2,,," + price + ",u1,s1");
    }
};

TEST_F(RowConvertersTest, TheFirstLineDeterminesAFilesFormat) {
    EXPECT_EQ(detect_import_format(file("a", std::string("\xEF\xBB\xBF") + csv_header + "\n")),
              ImportFormat::rees46);
    EXPECT_EQ(detect_import_format(file("b", "visitorid,timestamp,event,itemid,transactionid,more\n")),
              ImportFormat::retailrocket);
    EXPECT_EQ(detect_import_format(file("c", "\n\r\n  {\"event_id\":\"e1\"}\n")), ImportFormat::events);
    EXPECT_EQ(detect_import_format(file("d", "{ a broken event is one, too\n")), ImportFormat::events);
    for (const ImportFormat format : {ImportFormat::events, ImportFormat::rees46, ImportFormat::retailrocket})
        EXPECT_EQ(parse_import_format(import_format_name(format)), format);
}

TEST_F(RowConvertersTest, AFileOfNoKnownFormatIsRefusedWithTheReason) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"", "empty"},
        {"   \n", "empty"},
        {"[{\"event_id\":\"e1\"}]\n", "JSON array"},
        {"a,b,c\n1,2,3\n", "known header"}};
    for (const auto& [content, reason] : cases) {
        try {
            detect_import_format(file("x", content));
            ADD_FAILURE() << content;
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), Error::Kind::usage);
            EXPECT_THAT(error.what(), testing::HasSubstr(reason));
            EXPECT_THAT(error.what(), testing::HasSubstr("user_session"));
        }
    }
}

TEST_F(RowConvertersTest, AnEventStaysAsItIs) {
    const auto converter = make_converter({.format = ImportFormat::events});
    const std::string line =
        R"({ "event_id":"e", "user_id":"caf\u00e9", "timestamp":"2019-10-01T02:00:00+02:00" })";
    const auto row = convert(*converter, line);
    ASSERT_TRUE(row);
    EXPECT_EQ(row->value, line);
    EXPECT_EQ(row->key, "caf\xC3\xA9") << "the key is the user_id without escapes";
    EXPECT_EQ(row->time, model::from_us(1'569'888'000'000'000));
    const auto timeless = convert(*converter, R"({"user_id":"u","timestamp":"yesterday"})");
    ASSERT_TRUE(timeless);
    EXPECT_EQ(timeless->time, model::Timestamp());
    for (const char* without_user : {"{}", R"({"user_id":7})", R"({"user_id":)", "no event"})
        EXPECT_FALSE(convert(*converter, without_user)) << without_user;
}

TEST_F(RowConvertersTest, ARees46RowWithAnyColumnOrderBecomesAnEvent) {
    const auto converter =
        rees46("\xEF\xBB\xBFprice,user_session,user_id,category_code,product_id,event_type,event_time");
    const auto row =
        convert(*converter, R"(3.20,,u1,"a, ""b""",77,remove_from_cart,2019-10-01 00:00:05 UTC)");
    ASSERT_TRUE(row);
    EXPECT_EQ(row->key, "u1");
    EXPECT_EQ(row->time, model::from_us(1'569'888'005'000'000));
    const auto event = row->event();
    EXPECT_EQ(event.at("event_type"), "remove_from_cart") << "only cart has another name here";
    EXPECT_EQ(event.at("product_category"), "a, \"b\"");
    EXPECT_EQ(event.at("product_id"), "77");
    EXPECT_EQ(event.at("price"), 3.2);
    EXPECT_FALSE(event.contains("session_id"));
}

TEST_F(RowConvertersTest, ARees46RowIsNotConvertedWithoutAPriceThatIsAJsonNumber) {
    for (const char* price : {"0", "0.5", "10", "1e3", "-3.2", "0e5", "1.5E-3"}) {
        const auto row = with_price(price);
        ASSERT_TRUE(row) << price;
        EXPECT_THAT(row->value, HasSubstr("\"price\":" + std::string(price) + ","));
    }
    for (const char* price : {"", "abc", ".5", "1.", "01", "+1", "NaN", "inf", "0x1", "1 ", "-", "-inf",
                              "-nan", "-.5", "-01", "1.e5", "1e", "1e+"})
        EXPECT_FALSE(with_price(price)) << price;
}

TEST_F(RowConvertersTest, ARowWithABadTimeOrOtherFieldsIsNotConverted) {
    const auto converter = rees46();
    const std::string rest = ",view,1,2,,,3.5,u1,s1";
    EXPECT_TRUE(convert(*converter, "2019-10-01 00:00:00 UTC" + rest));
    EXPECT_FALSE(convert(*converter, "2019-10-01 00:00:00" + rest)) << "it may be of any time zone";
    EXPECT_FALSE(convert(*converter, "2019-02-30 00:00:00 UTC" + rest));
    EXPECT_FALSE(convert(*converter, "2019-10-01 00:00:00 UTC" + rest + ",more"));
    EXPECT_FALSE(convert(*converter, "2019-10-01 00:00:00 UTC,view,1,2,,,3.5,u1"));
    EXPECT_FALSE(convert(*converter, "2019-10-01 00:00:00 UTC,\"view,1,2,,,3.5,u1,s1"));
}

TEST_F(RowConvertersTest, AnIdIsThatOfTheLineAndItsOccurrence) {
    const auto converter = rees46();
    const auto id = [&](const std::string& user, std::int64_t occurrence) {
        const auto row =
            convert(*converter, "2019-10-01 00:00:00 UTC,view,1,2,,,3.5," + user + ",s1", occurrence);
        return std::string(row.value().event().at("event_id").as_string());
    };
    EXPECT_TRUE(id("u1", 0).starts_with("rees46-"));
    EXPECT_EQ(id("u1", 0).size(), 7U + 32U);
    EXPECT_EQ(id("u1", 1), id("u1", 1));
    EXPECT_NE(id("u1", 1), id("u1", 0));
    EXPECT_NE(id("u2", 0), id("u1", 0));
}

TEST_F(RowConvertersTest, ARetailrocketTimeIsInMsUpToTheYear9999) {
    const auto converter = retailrocket();
    const auto time_of_row = [&](const std::string& time) {
        const auto row = convert(*converter, time + ",u,view,1,");
        return row ? std::string(row->event().at("timestamp").as_string()) : "";
    };
    EXPECT_EQ(time_of_row("0"), "1970-01-01T00:00:00Z");
    EXPECT_EQ(time_of_row("253402300799999"), "9999-12-31T23:59:59.999Z");
    for (const char* bad : {"253402300800000", "99999999999999999999", "-1", "", "1.5", "2015-06-02"})
        EXPECT_EQ(time_of_row(bad), "") << bad;
}

TEST_F(RowConvertersTest, APriceFileThatIsNoneIsRefusedWithTheLine) {
    const auto refusal = [&](const std::string& content, const std::string& reason) {
        const fs::path prices = file("p.csv", content);
        EXPECT_THAT([&] { retailrocket(prices); }, ThrowsMessage<Error>(HasSubstr(reason))) << content;
    };
    refusal("product,price\n1,2\n", "product_id");
    refusal("product_id,price\n1,2\n\n3,cheap\n", "line 4");
    refusal("product_id,price\n1,2,3\n", "line 2");
    const auto converter = retailrocket(file("p.csv", "price,product_id\r\n2.50,1\r\n\r\n"));
    const auto known = convert(*converter, "0,u,addtocart,1,");
    ASSERT_TRUE(known);
    EXPECT_FALSE(known->without_price);
    EXPECT_EQ(known->event().at("price"), 2.5);
    EXPECT_TRUE(convert(*converter, "0,u,addtocart,2,").value().without_price);
}

TEST_F(RowConvertersTest, AHeaderWithoutAColumnIsRefusedWithItsName) {
    EXPECT_THAT([] { rees46("event_time,event_type,product_id,category_code,user_id,user_session"); },
                ThrowsMessage<Error>(HasSubstr("no column price")));
    EXPECT_THAT([] { rees46(""); }, ThrowsMessage<Error>(HasSubstr("no column event_time")));
}

}  // namespace
}  // namespace millrace::produce
