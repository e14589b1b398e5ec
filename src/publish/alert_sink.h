#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/alert.h"

namespace millrace::publish {

/// A receiver of alerts. Not thread-safe.
class AlertSink {
  public:
    virtual ~AlertSink() = default;
    /// The name of the sink, under which its position is stored.
    [[nodiscard]] virtual std::string name() const = 0;
    /// Returns after the receiver has accepted the alert. Throws Error if it has not; the same alert is then
    /// sent again, with the same id.
    virtual void send(const model::Alert& alert) = 0;
};

/// Writes alerts to the program's log.
struct LogSinkSettings {
    bool enabled = true;
};
/// Sends an HTTP POST with a JSON object in the format of Slack's webhooks.
struct WebhookSettings {
    std::string url;  ///< empty: no webhook; the URL may contain a secret
};
/// Sends a mail for each alert.
struct SmtpSettings {
    std::string url;  ///< smtp://HOST:PORT or smtps://HOST:PORT; empty: no mail; STARTTLS is used if the
                      ///< server offers it
    std::string from;
    std::vector<std::string> to;
    std::string user;  ///< empty: no login
    std::string password;
};
struct AlertSinkSettings {
    LogSinkSettings log;
    WebhookSettings webhook;
    SmtpSettings smtp;
};

/// Throws a usage Error if the settings are invalid.
void check_alert_sinks(const AlertSinkSettings& settings);

/// Creates the sinks that the settings enable. Throws a usage Error if the settings are invalid.
std::vector<std::unique_ptr<AlertSink>> make_alert_sinks(const AlertSinkSettings& settings);

/// Returns the JSON body for a webhook.
std::string webhook_json(const model::Alert& alert);
/// Returns the headers and the text of a mail (RFC 5322), with CRLF line ends. The content of an alert cannot
/// add a header or a line.
std::string mail_text(const model::Alert& alert, const SmtpSettings& settings, base::WallTime now);

}  // namespace millrace::publish
