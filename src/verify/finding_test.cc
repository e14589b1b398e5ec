#include "verify/finding.h"

#include <gtest/gtest.h>

namespace millrace::verify {
namespace {

TEST(Finding, PassesWithWhatWasCounted) {
    Finding finding("rows");
    finding.require(true, [] { return std::string("never made"); });
    const Check check = finding.check("3 rows");
    EXPECT_TRUE(check.passed);
    EXPECT_EQ(check.name, "rows");
    EXPECT_EQ(check.detail, "3 rows");
}

TEST(Finding, ReportsTheFirstFaultAndHowManyMoreThereAre) {
    Finding finding("rows");
    finding.require(false, [] { return std::string("first"); });
    EXPECT_EQ(finding.check("").detail, "first");
    finding.fault("second");
    finding.fault("third");
    const Check check = finding.check("3 rows");
    EXPECT_FALSE(check.passed);
    EXPECT_EQ(check.detail, "first (and 2 more)");
}

TEST(VerifyReport, PassesWhenEachCheckDoes) {
    VerifyReport report;
    report.notes.emplace_back("a note is no fault");
    EXPECT_TRUE(report.passed());
    report.checks.push_back({"schema", true, "equal"});
    EXPECT_TRUE(report.passed());
    report.checks.push_back({"rows", false, "one is missing"});
    EXPECT_FALSE(report.passed());
}

}  // namespace
}  // namespace millrace::verify
