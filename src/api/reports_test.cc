#include "api/reports.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.h"
#include "base/json.h"

namespace millrace::api {
namespace {

using serve::SqlOutcome;
using testing::AllOf;
using testing::HasSubstr;

/// The reports of a shop without tables.
class ReportsTest : public testing::Test {
  protected:
    ~ReportsTest() override { std::filesystem::remove_all(data_.root()); }

    /// Returns the message of the usage Error that a report throws.
    std::string error_of(std::string_view name, const Reports::Parameters& parameters) {
        try {
            reports_.make(name, parameters);
            return "nothing was thrown";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), Error::Kind::usage);
            return error.what();
        }
    }

    const catalog::DataDirectory data_{std::filesystem::temp_directory_path() /
                                       fmt::format("millrace_reports_test_{}", ::getpid())};
    LiveView live_{data_, nullptr, nullptr, {}};
    Reports reports_{live_, serve::DuckDb::find({}, data_.root(), data_.live()), "UTC", {}};
};

TEST_F(ReportsTest, AnUnknownNameIsAnErrorThatListsTheNames) {
    EXPECT_THAT(error_of("kpi", {}), AllOf(HasSubstr("no report of this name"), HasSubstr("kpis, ")));
    EXPECT_THAT(error_of("kpis", {{"form", "0"}}),
                AllOf(HasSubstr("reports have no parameter form"), HasSubstr("from, to, limit")));
}

TEST_F(ReportsTest, AParameterMustHaveItsForm) {
    for (const char* number : {"-1", "1.5", "", " 1", "1 or 1=1", "9223372036854775808"})
        EXPECT_THAT(error_of("kpis", {{"from", number}}), HasSubstr("not a whole number of at least 0"))
            << number;
    EXPECT_THAT(error_of("kpis", {{"grain", "week"}}), HasSubstr("one of: minute, hour, day"));
    EXPECT_THAT(error_of("kpis", {{"grain", ""}}), HasSubstr("one of: minute, hour, day"));
    EXPECT_THAT(error_of("sessions", {{"user", std::string("a\0b", 3)}}), HasSubstr("NUL character"));
    EXPECT_EQ(reports_.count(SqlOutcome::wrong), 0) << "DuckDB was asked";
}

TEST_F(ReportsTest, ATextIsNeverPartOfTheQuery) {
    for (const char* user : {"o'neil", "x' or 1=1 --", "$limit", "'); select 1; --"}) {
        const auto report = base::parse_json(reports_.make("sessions", {{"user", user}}), "the report");
        EXPECT_TRUE(report.at("rows").as_array().empty()) << user;
    }
    EXPECT_EQ(reports_.count(SqlOutcome::done), 4);
}

TEST_F(ReportsTest, AReportIsComputedOnceForTheSameParameters) {
    const std::string first = reports_.make("kpis", {});
    EXPECT_EQ(reports_.make("kpis", {{"grain", "hour"}}), first) << "it is the default";
    EXPECT_EQ(reports_.count(SqlOutcome::done), 1);
    reports_.make("kpis", {{"grain", "day"}});
    EXPECT_EQ(reports_.count(SqlOutcome::done), 2);
}

TEST_F(ReportsTest, AReportThatFailedIsTriedAgain) {
    reports_.stop();
    EXPECT_THROW(reports_.make("kpis", {}), Error);
    EXPECT_THROW(reports_.make("kpis", {}), Error);
}

TEST_F(ReportsTest, TheRowsOfAUsersQueryAreLimited) {
    const auto found = reports_.rows("from range(3)", 2);
    EXPECT_EQ(found.rows.size(), 2U);
    EXPECT_TRUE(found.truncated);
    EXPECT_FALSE(reports_.rows("from range(3)", 3).truncated);
}

TEST_F(ReportsTest, ACsvFileHasNoFormulas) {
    EXPECT_EQ(reports_.csv("select '=1+1' as a"), "a\r\n\"'=1+1\"\r\n");
}

TEST_F(ReportsTest, AParquetFileLeavesNothingBehind) {
    const std::string file = reports_.parquet("select 1 as a");
    EXPECT_EQ(file.substr(0, 4), "PAR1");
    EXPECT_FALSE(std::filesystem::exists(live_.folder() / "result.parquet"));
    std::size_t folders = 0;
    for (const auto& entry : std::filesystem::directory_iterator(data_.live()))
        folders += entry.is_directory() ? 1U : 0U;
    EXPECT_EQ(folders, 1U) << "only the folder of the live view is left";
}

}  // namespace
}  // namespace millrace::api
