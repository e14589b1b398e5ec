#include "cli/alert_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/error.h"

namespace millrace::cli {
namespace {

using gold::AlertRule;
using testing::AllOf;
using testing::HasSubstr;

class AlertConfigTest : public testing::Test {
  protected:
    AlertConfigTest() { unset_variables(); }
    ~AlertConfigTest() override {
        unset_variables();
        std::filesystem::remove(path_);
    }

    /// Reads a configuration file of this text into rules_ and sinks_.
    void read(const std::string& text) {
        std::ofstream(path_) << text;
        rules_ = {};
        sinks_ = {};
        read_alert_config(path_, rules_, sinks_);
    }
    /// Returns the message of the usage Error that reading the text throws.
    std::string error_of(const std::string& text) {
        try {
            read(text);
            return "nothing was thrown";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), Error::Kind::usage);
            return error.what();
        }
    }

    const std::string path_ = std::filesystem::temp_directory_path() /
                              ("millrace_alert_config_test_" + std::to_string(::getpid()) + ".toml");
    gold::AlertRules rules_;
    publish::AlertSinkSettings sinks_;

  private:
    static void unset_variables() {
        for (const char* name :
             {"MILLRACE_ALERTS_WEBHOOK_URL", "MILLRACE_ALERTS_SMTP_USER", "MILLRACE_ALERTS_SMTP_PASSWORD"})
            ::unsetenv(name);
    }
};

TEST_F(AlertConfigTest, ASettingChangesNothingElse) {
    read("[alerts.lag]\nthreshold = 5000000\npending = \"30s\"\n");
    gold::AlertRules expected;
    expected[AlertRule::lag].threshold = 5e6;
    expected[AlertRule::lag].pending = std::chrono::seconds(30);
    EXPECT_EQ(rules_, expected);
    read("[show]\nlimit = 5\n");
    EXPECT_EQ(rules_, gold::AlertRules());
}

TEST_F(AlertConfigTest, ANumberMayBeAShare) {
    read("[alerts.quarantine_rate]\nthreshold = \"4%\"\nresolve_threshold = 0.01\nmin_samples = 7\n");
    EXPECT_EQ(rules_[AlertRule::quarantine_rate].threshold, 0.04);
    EXPECT_EQ(rules_[AlertRule::quarantine_rate].resolve_threshold, 0.01);
    EXPECT_EQ(rules_[AlertRule::quarantine_rate].min_samples, 7);
}

TEST_F(AlertConfigTest, FalseAlarmsAreToleratedPerMonthByRulesThatKnowASeason) {
    read("[alerts.traffic_gap]\nfalse_alarms = 0.5\n");
    EXPECT_EQ(rules_[AlertRule::traffic_gap].false_alarms, 0.5);
    EXPECT_THAT(error_of("[alerts.traffic_gap]\nfalse_alarms = 0\n"), HasSubstr("above 0"));
    EXPECT_THAT(error_of("[alerts.lag]\nfalse_alarms = 1\n"), HasSubstr("no such setting"));
}

TEST_F(AlertConfigTest, TheNamesOf01AreRead) {
    read("[alerts.high_interest]\nleast = 7\nshare = \"9%\"\nresolved = 0.5\ncalm = \"3m\"\n");
    const auto& rule = rules_[AlertRule::high_interest];
    EXPECT_EQ(rule.min_samples, 7);
    EXPECT_EQ(rule.min_share, 0.09);
    EXPECT_EQ(rule.resolve_threshold, 0.5);
    EXPECT_EQ(rule.resolve_after, std::chrono::minutes(3));
}

TEST_F(AlertConfigTest, AnUnknownNameIsAnErrorWithItsLineAndTheNearestName) {
    EXPECT_THAT(error_of("\n[alerts.freshnes]\nthreshold = 5\n"),
                AllOf(HasSubstr("line 2"), HasSubstr("no such rule or sink; did you mean freshness?")));
    EXPECT_THAT(error_of("[alerts.smtp]\nurl = \"smtp://localhost\"\nffrom = \"a@example.com\"\n"),
                AllOf(HasSubstr("line 3"), HasSubstr("there is no setting ffrom; did you mean from?")));
    EXPECT_THAT(error_of("[alerts.log]\nenable = true\n"), HasSubstr("did you mean enabled?"));
}

TEST_F(AlertConfigTest, ARuleTakesOnlyTheSettingsThatItUses) {
    EXPECT_THAT(error_of("[alerts.lag]\nwindow = \"10m\"\n"),
                AllOf(HasSubstr("[alerts.lag.window]"), HasSubstr("the rule has no such setting")));
    EXPECT_THAT(error_of("[alerts.lag]\nmin_samples = 5\n"), HasSubstr("no such setting"));
    EXPECT_THAT(error_of("[alerts.cart_abandonment]\nhistory = \"1h\"\n"), HasSubstr("no such setting"));
    EXPECT_THAT(error_of("[alerts.traffic_gap]\nmin_share = \"5%\"\n"), HasSubstr("no such setting"));
    EXPECT_EQ(error_of("[alerts.traffic_gap]\nhistory = \"1h\"\n"), "nothing was thrown");
}

TEST_F(AlertConfigTest, AWindowIsWholeMinutesUpToADay) {
    for (const char* window : {"1m", "90m", "1d"}) {
        EXPECT_EQ(error_of(std::string("[alerts.traffic_gap]\nwindow = \"") + window + "\"\n"),
                  "nothing was thrown");
    }
    for (const char* window : {"0", "59s", "90s", "1441m"}) {
        EXPECT_THAT(error_of(std::string("[alerts.traffic_gap]\nwindow = \"") + window + "\"\n"),
                    HasSubstr("it must be whole minutes, at most one day"));
    }
    read("[alerts.traffic_gap]\npending = \"0\"\nresolve_after = \"90s\"\n");
    EXPECT_EQ(rules_[AlertRule::traffic_gap].pending, base::Duration(0));
    EXPECT_EQ(rules_[AlertRule::traffic_gap].resolve_after, std::chrono::seconds(90));
    EXPECT_THAT(error_of("[alerts.traffic_gap]\npending = \"25h\"\n"),
                HasSubstr("it must be at most one day"));
}

TEST_F(AlertConfigTest, AnAlertIsNotResolvedWhileItsConditionHolds) {
    EXPECT_EQ(error_of("[alerts.lag]\nthreshold = 10000\n"), "nothing was thrown")
        << "it is the threshold at which the alert is resolved";
    EXPECT_THAT(error_of("[alerts.lag]\nthreshold = 9999\n"),
                HasSubstr("\"resolve_threshold\" (10000) must not be above \"threshold\" (9999)"));
    EXPECT_THAT(error_of("[alerts.traffic_gap]\nthreshold = 0.5\nresolve_threshold = 0.25\n"),
                HasSubstr("\"resolve_threshold\" (0.25) must not be below \"threshold\" (0.5)"));
}

TEST_F(AlertConfigTest, AValueOfAnotherTypeIsAnErrorWithItsLine) {
    EXPECT_THAT(error_of("[alerts.lag]\nenabled = \"yes\"\n"),
                AllOf(HasSubstr("line 2"), HasSubstr("it must be true or false")));
    EXPECT_THAT(error_of("[alerts.lag]\npending = 5\n"), HasSubstr("it must be a string in quotes"));
    EXPECT_THAT(error_of("[alerts.lag]\nthreshold = [5]\n"), HasSubstr("it must be a number"));
    EXPECT_THAT(error_of("[alerts]\nlag = 5\n"), HasSubstr("it must be a table"));
    EXPECT_THAT(error_of("alerts = 5\n"), HasSubstr("it must be a table"));
}

TEST_F(AlertConfigTest, AValueThatCannotBeReadIsAnErrorWithItsLine) {
    EXPECT_THAT(error_of("[alerts.lag]\npending = \"soon\"\n"),
                AllOf(HasSubstr("line 2"), HasSubstr("soon")));
    EXPECT_THAT(error_of("[alerts.lag]\nthreshold = \"x\"\n"),
                AllOf(HasSubstr("line 2"), HasSubstr("\"x\"")));
    EXPECT_THAT(error_of("[alerts.lag]\nthreshold = nan\n"), HasSubstr("line 2"));
    EXPECT_THAT(error_of("[alerts.lag]\nthreshold = inf\n"), HasSubstr("line 2"));
}

TEST_F(AlertConfigTest, MailHasOneRecipientOrAList) {
    const std::string sender = "[alerts.smtp]\nurl = \"smtp://localhost\"\nfrom = \"shop@example.com\"\n";
    read(sender + "to = \"ann@example.com\"\n");
    EXPECT_EQ(sinks_.smtp.to, std::vector<std::string>({"ann@example.com"}));
    read(sender + "to = [\"ann@example.com\", \"bob@example.com\"]\n");
    EXPECT_EQ(sinks_.smtp.to, std::vector<std::string>({"ann@example.com", "bob@example.com"}));
    EXPECT_THAT(error_of(sender), HasSubstr("\"to\" is missing"));
}

TEST_F(AlertConfigTest, TheEnvironmentTakesPrecedenceAndNeedsNoFile) {
    ::setenv("MILLRACE_ALERTS_WEBHOOK_URL", "https://example.com/secret", 1);
    ::setenv("MILLRACE_ALERTS_SMTP_USER", "shop", 1);
    read("[alerts.webhook]\nurl = \"https://example.com/file\"\n");
    EXPECT_EQ(sinks_.webhook.url, "https://example.com/secret");
    EXPECT_EQ(sinks_.smtp.user, "shop");
    sinks_ = {};
    read_alert_config("", rules_, sinks_);
    EXPECT_EQ(sinks_.webhook.url, "https://example.com/secret");
}

}  // namespace
}  // namespace millrace::cli
