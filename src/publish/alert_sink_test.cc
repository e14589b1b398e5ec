#include "publish/alert_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/json.h"

namespace millrace::publish {
namespace {

using model::Alert;
using testing::HasSubstr;
using testing::Not;

/// An alert that fired at 2019-10-01T00:05:00Z.
Alert alert_of(const std::string& subject, const std::string& message) {
    return {.sequence = model::AlertSequence(1),
            .id = "a1",
            .rule = "revenue_drop",
            .subject = subject,
            .state = Alert::State::firing,
            .severity = Alert::Severity::critical,
            .at = model::from_us(1'569'888'300'000'000),
            .started_at = model::from_us(1'569'888'000'000'000),
            .value = 12.5,
            .threshold = 40,
            .unit = "EUR",
            .message = message};
}

const SmtpSettings mail = {.url = "smtp://localhost:25",
                           .from = "shop@example.com",
                           .to = {"ann@example.com", "bob@example.com"},
                           .user = {},
                           .password = {}};

std::string mail_of(const std::string& subject, const std::string& message) {
    return mail_text(alert_of(subject, message), mail, base::from_ms(1'569'888'367'890));
}

TEST(AlertMail, HasTheHeadersAndTheTextOfTheAlert) {
    EXPECT_EQ(mail_of("EUR", "Revenue has fallen by 60%."),
              "From: shop@example.com\r\n"
              "To: ann@example.com, bob@example.com\r\n"
              "Subject: [firing] revenue_drop EUR\r\n"
              "Date: Tue, 01 Oct 2019 00:06:07 +0000\r\n"
              "Message-ID: <a1.firing@millrace>\r\n"
              "MIME-Version: 1.0\r\n"
              "Content-Type: text/plain; charset=utf-8\r\n"
              "Content-Transfer-Encoding: 8bit\r\n"
              "\r\n"
              "Revenue has fallen by 60%.\r\n"
              "\r\n"
              "rule: revenue_drop\r\n"
              "subject: EUR\r\n"
              "severity: critical\r\n"
              "value: 12.50 EUR\r\n"
              "bound: 40 EUR\r\n"
              "since: 2019-10-01T00:00:00Z\r\n"
              "at: 2019-10-01T00:05:00Z\r\n"
              "id: a1\r\n");
}

TEST(AlertMail, TheContentOfAnAlertAddsNoHeaderAndNoLine) {
    const std::string injected = "p1\r\nBcc: eve@example.com\r\n\r\nhello";
    const std::string text = mail_of(injected, injected);
    EXPECT_THAT(text, HasSubstr("Subject: [firing] revenue_drop p1??Bcc: eve@example.com????hello\r\n"));
    EXPECT_THAT(text, Not(HasSubstr("\nBcc:")));
    EXPECT_EQ(std::ranges::count(text, '\n'), std::ranges::count(mail_of("p1", "hello"), '\n'));
}

TEST(AlertMail, OtherScriptsStayInTheTextButNotInTheSubject) {
    const std::string text = mail_of("caf\xC3\xA9", "caf\xC3\xA9");
    EXPECT_THAT(text, HasSubstr("Subject: [firing] revenue_drop caf??\r\n"));
    EXPECT_THAT(text, HasSubstr("\r\n\r\ncaf\xC3\xA9\r\n"));
}

TEST(AlertWebhook, HasTheFormOfSlacksWebhooks) {
    const auto body = base::parse_json(webhook_json(alert_of("EUR", "It fell.")), "the body");
    EXPECT_EQ(body.at("text"), "[firing] revenue_drop EUR: It fell.");
    const auto& attachment = body.at("attachments").at(0);
    EXPECT_EQ(attachment.at("color"), "danger");
    ASSERT_EQ(attachment.at("fields").as_array().size(), 8U);
    EXPECT_EQ(attachment.at("fields").at(0).at("value"), "revenue_drop");
    EXPECT_EQ(attachment.at("fields").at(1).at("title"), "subject");
    EXPECT_EQ(attachment.at("fields").at(1).at("value"), "EUR");
    EXPECT_EQ(attachment.at("fields").at(3).at("value"), "12.50 EUR");
    EXPECT_EQ(attachment.at("fields").at(4).at("value"), "40 EUR");
    EXPECT_EQ(attachment.at("fields").at(7).at("value"), "a1");
}

TEST(AlertWebhook, AResolvedAlertIsGoodAndMayHaveNoSubject) {
    Alert alert = alert_of("", "It is back.");
    alert.state = Alert::State::resolved;
    const auto body = base::parse_json(webhook_json(alert), "the body");
    EXPECT_EQ(body.at("text"), "[resolved] revenue_drop: It is back.");
    EXPECT_EQ(body.at("attachments").at(0).at("color"), "good");
    EXPECT_EQ(body.at("attachments").at(0).at("fields").as_array().size(), 7U);
}

TEST(AlertSinks, AreThoseThatTheSettingsEnable) {
    const auto names = [](const AlertSinkSettings& settings) {
        std::vector<std::string> found;
        for (const auto& sink : make_alert_sinks(settings)) found.push_back(sink->name());
        return found;
    };
    EXPECT_EQ(names({}), std::vector<std::string>({"log"}));
    EXPECT_EQ(names({.log = {.enabled = false}, .webhook = {}, .smtp = {}}), std::vector<std::string>());
    EXPECT_EQ(names({.log = {}, .webhook = {.url = "https://example.com/hook"}, .smtp = mail}),
              std::vector<std::string>({"log", "webhook", "smtp"}));
}

TEST(AlertSinks, MailNeedsAddressesWithoutControlCharacters) {
    const auto is_refused = [](const auto& change) {
        SmtpSettings settings = mail;
        change(settings);
        try {
            check_alert_sinks({.log = {}, .webhook = {}, .smtp = settings});
            return false;
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), Error::Kind::usage);
            return true;
        }
    };
    EXPECT_FALSE(is_refused([](SmtpSettings&) {}));
    EXPECT_TRUE(is_refused([](SmtpSettings& settings) { settings.from.clear(); }));
    EXPECT_TRUE(is_refused([](SmtpSettings& settings) { settings.to.clear(); }));
    EXPECT_TRUE(is_refused([](SmtpSettings& settings) { settings.from += "\r\nBcc: eve@example.com"; }));
    EXPECT_TRUE(is_refused([](SmtpSettings& settings) { settings.to[1] += "\x7f"; }));
    EXPECT_FALSE(is_refused([](SmtpSettings& settings) { settings = {}; })) << "there is no mail";
}

}  // namespace
}  // namespace millrace::publish
