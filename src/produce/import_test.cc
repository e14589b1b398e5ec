#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <boost/json.hpp>
#include <fstream>
#include <random>

#include "base/error.h"
#include "bronze/segment_log.h"
#include "produce/csv_line.h"
#include "produce/importer.h"
#include "produce/line_reader.h"

namespace millrace::produce {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class ImportTest : public testing::Test {
  protected:
    ImportTest() { fs::remove_all(directory_), fs::create_directories(directory_); }
    ~ImportTest() override { fs::remove_all(directory_); }

    fs::path file(const std::string& name, const std::string& content) {
        std::ofstream(directory_ / name, std::ios::binary) << content;
        return directory_ / name;
    }
    std::unique_ptr<bronze::SegmentLog> fresh_log() {
        bronze::TopicSettings settings;
        settings.name = "t" + std::to_string(logs_++);
        settings.partitions = 1;
        return bronze::SegmentLog::open_or_create(directory_ / "bronze", settings);
    }
    struct Imported {
        ImportReport report;
        std::vector<std::string> values;
        std::vector<std::string> ids;
    };
    Imported import(const fs::path& path, const ImportOptions& options) {
        const auto log = fresh_log();
        base::StopSignal stop;
        Imported imported;
        imported.report = Importer(*log, options).import(path, stop, [](const ImportReport&) {});
        const auto reader = log->read(0, bronze::Offset(0));
        for (auto records = reader->poll(1 << 20); !records.empty(); records = reader->poll(1 << 20)) {
            for (const auto& record : records) {
                imported.values.emplace_back(record.value);
                boost::system::error_code error;
                const auto value = boost::json::parse(imported.values.back(), error);
                if (!error && value.is_object()) imported.ids.emplace_back(value.at("event_id").as_string());
            }
        }
        return imported;
    }
    static std::vector<std::string> lines(const fs::path& path) {
        LineReader reader(path);
        std::vector<std::string> read;
        for (std::string_view line; reader.next(line);) read.emplace_back(line);
        return read;
    }

    fs::path directory_ = fs::temp_directory_path() / ("millrace_import_test_" + std::to_string(::getpid()));
    int logs_ = 0;
};

constexpr const char* header =
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n";

TEST_F(ImportTest, LinesOfPlainGzipAndZstdFilesAreTheSame) {
    std::string content;
    std::vector<std::string> expected;
    for (int i = 0; i < 50'000; ++i) {
        expected.push_back("line " + std::to_string(i) + std::string(static_cast<std::size_t>(i % 97), 'x'));
        content += expected.back() + (i % 2 == 0 ? "\n" : "\r\n");
    }
    content += "last without an end";
    expected.emplace_back("last without an end");
    EXPECT_EQ(lines(file("a.csv", content)), expected);
    const gzFile gz = gzopen((directory_ / "a.gz").c_str(), "wb");
    gzwrite(gz, content.data(), static_cast<unsigned>(content.size()));
    gzclose(gz);
    EXPECT_EQ(lines(directory_ / "a.gz"), expected);
    std::string packed(ZSTD_compressBound(content.size()), '\0');
    packed.resize(ZSTD_compress(packed.data(), packed.size(), content.data(), content.size(), 1));
    EXPECT_EQ(lines(file("a.zst", packed)), expected);
    EXPECT_THROW(lines(file("cut.zst", packed.substr(0, packed.size() / 2))), Error);
    EXPECT_TRUE(lines(file("empty.csv", "")).empty());
}

/// Returns one member of a gzip file.
std::string gzipped(const std::string& content) {
    z_stream stream{};
    deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    std::string packed(deflateBound(&stream, content.size()), '\0');
    std::string input = content;
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

TEST_F(ImportTest, GzipMembersFollowEachOtherAndZeroBytesMayFollowThem) {
    const std::string two = gzipped("first\nsec") + gzipped("ond\nthird\n");
    for (const std::size_t zeros : {0U, 1U, 511U, 3'000'000U}) {
        EXPECT_THAT(lines(file("a.gz", two + std::string(zeros, '\0'))),
                    ElementsAre("first", "second", "third"));
    }
    EXPECT_THAT(lines(file("a.gz", gzipped("") + gzipped("first\n") + gzipped(""))), ElementsAre("first"));
    EXPECT_TRUE(lines(file("a.gz", "")).empty());
}

TEST_F(ImportTest, ManyIncompressibleGzipMembersAreReadAcrossTheBuffers) {
    std::mt19937_64 random(1);
    std::string packed;
    std::vector<std::string> expected;
    for (int member = 0; member < 60; ++member) {
        std::string content;
        for (int line = 0; line < 4000; ++line) {
            expected.push_back(std::to_string(random()));
            content += expected.back() + "\n";
        }
        packed += gzipped(content);
    }
    ASSERT_GT(packed.size(), 2'000'000U);
    EXPECT_EQ(lines(file("a.gz", packed)), expected);
}

TEST_F(ImportTest, InvalidGzipMembersAreErrorsThatNameTheByte) {
    const std::string first = gzipped("first\n");
    const std::string second = gzipped("second\n");
    const auto error_of = [&](const std::string& content) -> std::string {
        try {
            lines(file("a.gz", content));
            return "none";
        } catch (const Error& error) {
            return error.what();
        }
    };
    const auto at = [](std::size_t byte) { return testing::HasSubstr("byte " + std::to_string(byte)); };
    for (const std::size_t byte : {0U, 1U, 2U, 3U}) {  // the magic bytes, the method and the flags
        std::string damaged = second;
        damaged[byte] = static_cast<char>(damaged[byte] ^ 0x80);
        EXPECT_THAT(error_of(first + damaged + first), at(first.size())) << byte;
    }
    std::string damaged = second;
    damaged[damaged.size() - 6] = static_cast<char>(damaged[damaged.size() - 6] ^ 0x01);  // a bit of the CRC
    EXPECT_THAT(error_of(first + damaged), at(first.size()));
    EXPECT_THAT(error_of(first + "garbage"), at(first.size()));
    EXPECT_THAT(error_of(first + std::string(2, '\0') + second), at(first.size() + 2));
    EXPECT_THAT(error_of("no gzip\n"), at(0));
    EXPECT_THAT(error_of(std::string(100, '\0')), at(0));
    for (std::size_t bytes = 1; bytes < second.size(); ++bytes)
        EXPECT_THAT(error_of(first + second.substr(0, bytes)), at(first.size())) << bytes;
}

TEST(CsvLine, QuotesAreRead) {
    std::vector<std::string_view> fields;
    std::string scratch;
    EXPECT_TRUE(split_csv(R"(a,,"b,c","d ""e""",)", fields, scratch));
    EXPECT_THAT(fields, ElementsAre("a", "", "b,c", "d \"e\"", ""));
    EXPECT_FALSE(split_csv(R"(a,"b)", fields, scratch));
    EXPECT_FALSE(split_csv(R"("a"b,c)", fields, scratch));
    EXPECT_TRUE(split_csv("", fields, scratch));
    EXPECT_THAT(fields, ElementsAre(""));
}

TEST_F(ImportTest, Rees46RowsBecomeEvents) {
    const auto imported = import(
        file("r.csv", std::string(header) + "2019-10-01 00:00:00 UTC,cart,1,2,a.b,br,35.79,u1,s1\n2019-10-01 "
                                            "00:00:01 UTC,view,2,2,,,33.20,u2,\n12,cut li\n"),
        {.format = ImportFormat::rees46});
    ASSERT_EQ(imported.values.size(), 3U);
    const auto first = boost::json::parse(imported.values[0]);
    EXPECT_EQ(first.at("event_type"), "add_to_cart");
    EXPECT_EQ(first.at("timestamp"), "2019-10-01T00:00:00Z");
    EXPECT_EQ(first.at("product_category"), "a.b");
    EXPECT_EQ(first.at("price"), 35.79);
    EXPECT_EQ(imported.values[2], "12,cut li");
    EXPECT_EQ(imported.report.unconverted, 1);
}

TEST_F(ImportTest, IdsStayWhenAFileGrowsAndEqualRowsStayTwo) {
    const std::string row = "2019-10-01 00:00:00 UTC,view,1,2,,,3.5,u1,s1\n";
    const std::string later = "2019-10-01 00:00:05 UTC,view,1,2,,,3.5,u1,s1\n";
    const ImportOptions options{.format = ImportFormat::rees46};
    const auto short_ids = import(file("a.csv", header + row + row + later), options).ids;
    const auto long_ids = import(file("b.csv", header + row + row + later + later + later), options).ids;
    ASSERT_EQ(short_ids.size(), 3U);
    EXPECT_NE(short_ids[0], short_ids[1]);
    EXPECT_EQ(std::vector(long_ids.begin(), long_ids.begin() + 3), short_ids);
    EXPECT_EQ(std::set(long_ids.begin(), long_ids.end()).size(), 5U);
}

TEST_F(ImportTest, EqualRowsGetDistinctIdsInAFileThatIsNotInOrderOfTime) {
    const std::string a = "2019-10-01 00:00:09 UTC,view,1,2,,,3.5,u1,s1\n";
    const std::string b = "2019-10-01 00:00:01 UTC,view,1,2,,,3.5,u1,s1\n";
    const auto ids = import(file("a.csv", header + a + b + a + b + a), {.format = ImportFormat::rees46}).ids;
    EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), 5U);
    const auto sorted =
        import(file("b.csv", header + b + b + a + a + a), {.format = ImportFormat::rees46}).ids;
    EXPECT_EQ(std::set(ids.begin(), ids.end()), std::set(sorted.begin(), sorted.end()));
}

TEST_F(ImportTest, RetailrocketTakesPricesFromAFile) {
    const auto data =
        file("r.csv",
             "timestamp,visitorid,event,itemid,transactionid\n1433221332117,257597,addtocart,355908,\n"
             "1433224214164,992329,transaction,248676,17\n");
    const auto without = import(data, {.format = ImportFormat::retailrocket});
    EXPECT_EQ(without.report.without_price, 2);
    const auto with = import(data, {.format = ImportFormat::retailrocket,
                                    .price_file = file("p.csv", "product_id,price\n248676,9.99\n")});
    EXPECT_EQ(with.report.without_price, 1);
    const auto event = boost::json::parse(with.values[1]);
    EXPECT_EQ(event.at("event_type"), "purchase");
    EXPECT_EQ(event.at("order_id"), "17");
    EXPECT_EQ(event.at("price"), 9.99);
    EXPECT_EQ(event.at("timestamp"), "2015-06-02T05:50:14.164Z");
}

TEST_F(ImportTest, AWrongHeaderIsRefusedWithTheColumns) {
    try {
        import(file("x.csv", "a,b,c\n1,2,3\n"), {.format = ImportFormat::rees46});
        FAIL();
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("user_session"));
    }
}

TEST_F(ImportTest, TheFirstLineDeterminesAFilesFormat) {
    EXPECT_EQ(detect_import_format(file("a", std::string("\xEF\xBB\xBF") + header)), ImportFormat::rees46);
    EXPECT_EQ(detect_import_format(file("b", "visitorid,timestamp,event,itemid,transactionid,more\n")),
              ImportFormat::retailrocket);
    EXPECT_EQ(detect_import_format(file("c", "\n\r\n  {\"event_id\":\"e1\"}\n")), ImportFormat::events);
    EXPECT_EQ(detect_import_format(file("d", "{ a broken event is one, too\n")), ImportFormat::events);
    for (const ImportFormat format : {ImportFormat::events, ImportFormat::rees46, ImportFormat::retailrocket})
        EXPECT_EQ(parse_import_format(import_format_name(format)), format);
}

TEST_F(ImportTest, AFileOfNoKnownFormatIsRefusedWithTheReason) {
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

}  // namespace
}  // namespace millrace::produce
