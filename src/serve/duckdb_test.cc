#include "serve/duckdb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "base/scratch_folder.h"

namespace millrace::serve {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::int64_t mib = std::int64_t{1} << 20;

class DuckDbTest : public testing::Test {
  protected:
    DuckDbTest() { fs::remove_all(root_), fs::create_directories(root_); }
    ~DuckDbTest() override { fs::remove_all(root_.parent_path()); }

    std::string rows(std::string_view query, const SqlLimits& limits = {},
                     const std::vector<SqlView>& views = {}) {
        const SqlRows found = duckdb_.rows(query, views, "UTC", limits);
        std::string text;
        for (const std::string& row : found.rows) text += row + "\n";
        return text;
    }
    /// Returns the error message of a query that is refused.
    std::string refusal(std::string_view query, const SqlLimits& limits = {},
                        const std::vector<SqlView>& views = {}) {
        try {
            return "not refused: " + rows(query, limits, views);
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), Error::Kind::usage);
            return error.what();
        }
    }
    void write(const std::string& path, std::string_view query) {
        fs::create_directories((root_ / path).parent_path());
        duckdb_.parquet(query, {}, "UTC", {}, root_ / path);
    }

    // The folder's name must not be taken for a partition column.
    const fs::path root_ =
        fs::temp_directory_path() / ("millrace_duckdb_test_" + std::to_string(::getpid())) / "price=7";
    const DuckDb duckdb_ = DuckDb::find({}, root_, root_ / "live");
};

TEST_F(DuckDbTest, PartitionValuesComeFromTheDeltaLogWhereverTheFilesAre) {
    write("t/day=2024-01-01/a.parquet", "select 1.5 as price");
    write("t/day=1999-01-01/price=3/b.parquet", "select 2.5 as price");
    write("t/c.parquet", "select 3.5 as price");
    const SqlView view{.name = "t",
                       .columns = {{"price", "DOUBLE"}, {"day", "VARCHAR"}},
                       .files = {{"t/day=2024-01-01/a.parquet", {{"day", "2024-01-01"}}},
                                 {"t/day=1999-01-01/price=3/b.parquet", {{"day", "2024-01-02"}}},
                                 {"t/c.parquet", {{"day", ""}}}}};
    EXPECT_EQ(rows("from t order by price", {}, {view}),
              "{\"price\":1.5,\"day\":\"2024-01-01\"}\n{\"price\":2.5,\"day\":\"2024-01-02\"}\n"
              "{\"price\":3.5,\"day\":null}\n");
}

TEST_F(DuckDbTest, NumbersAreWrittenAsPeopleReadThem) {
    EXPECT_EQ(rows("select 0.20269133725820015::double as a, 1.5::decimal(38,4) as b, 12::bigint as c"),
              "{\"a\":0.20269133725820015,\"b\":\"1.5000\",\"c\":12}\n");
}

TEST_F(DuckDbTest, NonFiniteNumbersAreStrings) {
    EXPECT_EQ(rows("select 'nan'::double as a, 1e400 as b, [-1e400] as c, '{\"d\": nan}'::json as d"),
              "{\"a\":\"NaN\",\"b\":\"Infinity\",\"c\":[\"-Infinity\"],\"d\":{\"d\":\"NaN\"}}\n");
}

TEST_F(DuckDbTest, AWarningIsNotPrintedBetweenTheRows) {
    EXPECT_EQ(rows("select list_transform([1], x -> x + 1) as a"), "{\"a\":[2]}\n");
}

TEST_F(DuckDbTest, AQueryThatNeedsMoreMemoryIsRefused) {
    const SqlLimits limits{.memory_bytes = 64 * mib};
    for (const char* query : {"select len(string_split(repeat('a,', 300000000), ','))",
                              "select len(repeat('a', 2000000000) || repeat('b', 2000000000))",
                              "select list(range) from range(300000000)"})
        EXPECT_THAT(refusal(query, limits), HasSubstr("it needs more than 64.0 MiB of memory")) << query;
    EXPECT_EQ(duckdb_.count(SqlOutcome::memory), 3);
}

TEST_F(DuckDbTest, DataThatExceedsMemoryGoesIntoTemporaryFilesThatAreRemoved) {
    constexpr std::string_view query =
        "select sum(x) as s from (select range as x, hash(range) as h, repeat('a', 20) as s from "
        "range(5000000) "
        "order by h limit 100)";
    const SqlLimits limits{.memory_bytes = 256 * mib, .threads = 1};
    EXPECT_THAT(rows(query, limits), HasSubstr("{\"s\":"));
    EXPECT_TRUE(fs::is_empty(root_ / "live"));
}

TEST_F(DuckDbTest, TemporaryFilesAreBounded) {
    constexpr std::string_view query =
        "select sum(x) from (select range as x, hash(range) as h, repeat('a', 20) as s from range(5000000) "
        "order by h limit 100 offset 2500000)";
    const SqlLimits limits{.memory_bytes = 256 * mib, .temporary_bytes = 10 * mib, .threads = 1};
    EXPECT_THAT(refusal(query, limits), HasSubstr("256.0 MiB of memory and 10.0 MiB of temporary files"));
    EXPECT_TRUE(fs::is_empty(root_ / "live"));
}

TEST_F(DuckDbTest, TimeAndResultAreBounded) {
    EXPECT_THAT(refusal("select count(*) from range(100000000000) a, range(1000) b",
                        {.time = std::chrono::milliseconds(200)}),
                HasSubstr("it took more than 0.2 s"));
    EXPECT_THAT(refusal("select repeat('a', 3000000)", {.result_bytes = 2 * mib}),
                HasSubstr("its result has more than 2.0 MiB"));
    EXPECT_EQ(duckdb_.count(SqlOutcome::time), 1);
    EXPECT_EQ(duckdb_.count(SqlOutcome::result), 1);
}

TEST_F(DuckDbTest, AParquetFileThatWasNotFinishedIsRemoved) {
    const fs::path path = root_ / "result.parquet";
    for (const std::int64_t temporary_bytes : {std::int64_t{0}, 1000 * mib}) {
        const SqlLimits limits{.temporary_bytes = temporary_bytes, .result_bytes = 2 * mib};
        EXPECT_THROW(duckdb_.parquet("select hash(range) as h from range(10000000)", {}, "UTC", limits, path),
                     Error);
        EXPECT_FALSE(fs::exists(path));
    }
    EXPECT_EQ(duckdb_.count(SqlOutcome::result), 2);
}

TEST_F(DuckDbTest, CsvComesInPiecesWithoutEnd) {
    std::size_t bytes = 0;
    duckdb_.csv("select range as n from range(1000000)", {}, "UTC", {},
                [&](std::string_view piece) { bytes += piece.size(); });
    EXPECT_EQ(bytes, 3 + 7'888'890U);  // the header, and each number with its newline
}

TEST_F(DuckDbTest, OnlyOneSelectIsRun) {
    for (const char* query : {"", " \n;", "-- only this", "/* a; b */ ;"})
        EXPECT_THAT(refusal(query), HasSubstr("it is empty")) << query;
    for (const char* query : {"select 1; select 2", "drop view t", "set threads = 8"})
        EXPECT_THAT(refusal(query), HasSubstr("it is not a single SELECT statement")) << query;
    EXPECT_EQ(rows("-- first\nselect 1 as a; -- last"), "{\"a\":1}\n");
    EXPECT_EQ(duckdb_.count(SqlOutcome::wrong), 3);
    EXPECT_EQ(duckdb_.count(SqlOutcome::done), 1);
}

TEST_F(DuckDbTest, TheErrorForAnUnknownTableListsTheTables) {
    const std::vector<SqlView> views = {
        {.name = "silver", .columns = {{"a", "BIGINT"}}, .files = {}},
        {.name = "gold.kpis", .columns = {{"a", "BIGINT"}}, .files = {}},
        {.name = "live.kpis", .columns = {{"a", "BIGINT"}}, .files = {}, .unavailable = "nothing runs"}};
    EXPECT_THAT(refusal("from slver", {}, views),
                HasSubstr("there is no table slver. There are: silver, gold.kpis."));
    EXPECT_THAT(refusal("from gold.kpi", {}, views), HasSubstr("There are: silver, gold.kpis."));
    EXPECT_THAT(refusal("from Live.Kpis", {}, views), HasSubstr("running the query: nothing runs"));
    EXPECT_EQ(rows("from gold.kpis", {}, views), "");
}

TEST_F(DuckDbTest, AQueryCanBeStopped) {
    base::StopSignal stop;
    stop.request();
    EXPECT_THROW(rows("select count(*) from range(100000000000) a, range(1000) b", {.stop = &stop}), Error);
    EXPECT_EQ(duckdb_.count(SqlOutcome::stopped), 1);
}

TEST_F(DuckDbTest, LimitsThatNoQueryCouldKeepAreRefused) {
    EXPECT_THROW(SqlLimits{.memory_bytes = mib}.validate(), Error);
    EXPECT_THROW(SqlLimits{.time = base::Duration::zero()}.validate(), Error);
    EXPECT_NO_THROW(SqlLimits{}.validate());
}

}  // namespace
}  // namespace millrace::serve
