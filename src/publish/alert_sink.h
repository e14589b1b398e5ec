#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/alert.h"

namespace millrace::publish {

/// Where alerts are sent to. send() returns once the other side has taken the alert, and throws an Error when
/// it hasn't; then the same alert comes again, under the same id.
class AlertSink {
  public:
    virtual ~AlertSink() = default;
    /// Its name, by which what it was sent is remembered.
    [[nodiscard]] virtual std::string name() const = 0;
    virtual void send(const model::Alert& alert) = 0;
};

/// Lines in the program's log.
struct LogSinkSettings {
    bool enabled = true;
};
/// An HTTP POST of a JSON object that Slack and what takes Slack's webhooks understand.
struct WebhookSettings {
    std::string url;  ///< empty: none; it may hold a secret
};
/// A mail for each alert.
struct SmtpSettings {
    std::string url;  ///< smtp://HOST:PORT or smtps://…; empty: none. STARTTLS is used where it is offered
    std::string from;
    std::vector<std::string> to;
    std::string user;  ///< empty: none
    std::string password;
};
struct AlertSinkSettings {
    LogSinkSettings log;
    WebhookSettings webhook;
    SmtpSettings smtp;
};

/// Throws a usage Error for settings that can't be used.
void check_alert_sinks(const AlertSinkSettings& settings);

/// The sinks that are set up. Throws a usage Error for settings that can't be used.
std::vector<std::unique_ptr<AlertSink>> make_alert_sinks(const AlertSinkSettings& settings);

/// What a webhook is sent.
std::string webhook_json(const model::Alert& alert);
/// A mail's headers and text (RFC 5322), with CRLF line ends. Nothing in an alert can add a header or a line.
std::string mail_text(const model::Alert& alert, const SmtpSettings& settings, std::int64_t now_ms);

}  // namespace millrace::publish
