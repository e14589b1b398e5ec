#include "publish/alert_sink.h"

#include <curl/curl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"

namespace millrace::publish {

namespace json = boost::json;

namespace {

constexpr long connect_timeout_ms = 5000;
constexpr long timeout_ms = 15'000;

struct CurlDeleter {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlHandle = std::unique_ptr<CURL, CurlDeleter>;
using CurlList = std::unique_ptr<curl_slist, CurlDeleter>;

void append(CurlList& list, const std::string& text) {
    list.reset(curl_slist_append(list.release(), text.c_str()));
}

CurlHandle new_transfer(const std::string& url, const char* schemes) {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    CurlHandle curl(ready == CURLE_OK ? curl_easy_init() : nullptr);
    if (!curl) throw Error("sending an alert", "the HTTP library could not be started");
    curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, schemes);
    curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
    curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, timeout_ms);
    return curl;
}

/// Throws an Error that does not contain the URL, which may have a secret.
void perform(CURL* curl, const char* doing) {
    const CURLcode code = curl_easy_perform(curl);
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK)
        throw Error(doing, status > 0 ? fmt::format("{} ({})", curl_easy_strerror(code), status)
                                      : std::string(curl_easy_strerror(code)));
}

std::size_t ignore(const char* /*data*/, std::size_t size, std::size_t count, void* /*unused*/) {
    return size * count;
}

/// Replaces control characters, which ids from outside may contain, so that the text is one line.
std::string one_line(std::string_view text) {
    std::string line(text);
    std::ranges::replace_if(line, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
    return line;
}

/// Replaces characters that a header may not contain: everything but printable ASCII.
std::string header_text(std::string_view text) {
    std::string line(text);
    std::ranges::replace_if(line, [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, '?');
    return line;
}

std::string title(const model::Alert& alert) {
    return fmt::format("[{}] {}{}{}", model::state_name(alert.state), alert.rule,
                       alert.subject.empty() ? "" : " ", alert.subject);
}

/// A value with its unit, for people.
std::string measured(double value, std::string_view unit) {
    if (unit.starts_with("share of ") || unit == "purchases per view")
        return fmt::format("{:.2f}% ({})", 100 * value, unit);
    const bool is_whole = value == std::round(value);
    return fmt::format("{} {}", is_whole ? fmt::format("{:.0f}", value) : fmt::format("{:.2f}", value), unit);
}

class LogSink : public AlertSink {
  public:
    [[nodiscard]] std::string name() const override { return "log"; }
    void send(const model::Alert& alert) override {
        spdlog::warn("alert {} {}: {} ({})", alert.id, one_line(title(alert)), one_line(alert.message),
                     model::format_timestamp(alert.at));
    }
};

class WebhookSink : public AlertSink {
  public:
    explicit WebhookSink(WebhookSettings settings) : settings_(std::move(settings)) {}
    [[nodiscard]] std::string name() const override { return "webhook"; }
    void send(const model::Alert& alert) override {
        const CurlHandle curl = new_transfer(settings_.url, "http,https");
        const std::string body = webhook_json(alert);
        CurlList headers;
        append(headers, "Content-Type: application/json");
        append(headers, fmt::format("Idempotency-Key: {}-{}", alert.id, model::state_name(alert.state)));
        curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
        curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.c_str());
        curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
        curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, ignore);
        curl_easy_setopt(curl.get(), CURLOPT_FAILONERROR, 1L);
        perform(curl.get(), "posting an alert to the webhook");
    }

  private:
    const WebhookSettings settings_;
};

class SmtpSink : public AlertSink {
  public:
    explicit SmtpSink(SmtpSettings settings) : settings_(std::move(settings)) {}
    [[nodiscard]] std::string name() const override { return "smtp"; }
    void send(const model::Alert& alert) override {
        const CurlHandle curl = new_transfer(settings_.url, "smtp,smtps");
        Mail mail{mail_text(alert, settings_, base::wall_time())};
        CurlList recipients;
        for (const std::string& to : settings_.to) append(recipients, to);
        curl_easy_setopt(curl.get(), CURLOPT_MAIL_FROM, settings_.from.c_str());
        curl_easy_setopt(curl.get(), CURLOPT_MAIL_RCPT, recipients.get());
        if (!settings_.user.empty()) {
            curl_easy_setopt(curl.get(), CURLOPT_USERNAME, settings_.user.c_str());
            curl_easy_setopt(curl.get(), CURLOPT_PASSWORD, settings_.password.c_str());
        }
        // A password is never sent without TLS.
        const auto tls = settings_.user.empty() ? CURLUSESSL_TRY : CURLUSESSL_ALL;
        curl_easy_setopt(curl.get(), CURLOPT_USE_SSL, static_cast<long>(tls));
        curl_easy_setopt(curl.get(), CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl.get(), CURLOPT_READFUNCTION, Mail::read);
        curl_easy_setopt(curl.get(), CURLOPT_READDATA, &mail);
        perform(curl.get(), "sending an alert by mail");
    }

  private:
    struct Mail {
        std::string text;
        std::size_t sent = 0;

        static std::size_t read(char* into, std::size_t size, std::size_t count, void* user) {
            auto& mail = *static_cast<Mail*>(user);
            const std::size_t copied = mail.text.copy(into, size * count, mail.sent);
            mail.sent += copied;
            return copied;
        }
    };

    const SmtpSettings settings_;
};

void check(const SmtpSettings& settings) {
    constexpr const char* doing = "reading the settings of alerts by mail";
    if (settings.from.empty() || settings.to.empty())
        throw usage_error(doing, "\"from\" or \"to\" is missing");
    for (const std::string& address : settings.to) {
        if (one_line(address) != address || one_line(settings.from) != settings.from)
            throw usage_error(doing, "an address contains a control character");
    }
}

}  // namespace

std::string webhook_json(const model::Alert& alert) {
    const bool firing = alert.state == model::Alert::State::firing;
    const auto field = [](const char* name, std::string_view value) {
        return json::object{{"title", name}, {"value", value}, {"short", true}};
    };
    json::array fields = {field("rule", alert.rule),
                          field("severity", model::severity_name(alert.severity)),
                          field("value", measured(alert.value, alert.unit)),
                          field("bound", measured(alert.threshold, alert.unit)),
                          field("since", model::format_timestamp(alert.started_at)),
                          field("at", model::format_timestamp(alert.at)),
                          field("id", alert.id)};
    if (!alert.subject.empty()) fields.insert(fields.begin() + 1, field("subject", alert.subject));
    const json::object attachment = {
        {"color", firing ? "danger" : "good"}, {"fallback", title(alert)}, {"fields", std::move(fields)}};
    return json::serialize(json::object{{"text", fmt::format("{}: {}", title(alert), alert.message)},
                                        {"attachments", json::array{attachment}}});
}

std::string mail_text(const model::Alert& alert, const SmtpSettings& settings, base::WallTime now) {
    std::string to;
    for (const std::string& address : settings.to) to += (to.empty() ? "" : ", ") + address;
    return fmt::format(
        "From: {}\r\nTo: {}\r\nSubject: {}\r\nDate: {:%a, %d %b %Y %H:%M:%S} +0000\r\n"
        "Message-ID: <{}.{}@millrace>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\n\r\n"
        "{}\r\n\r\nrule: {}\r\nsubject: {}\r\nseverity: {}\r\nvalue: {}\r\nbound: {}\r\nsince: {}\r\nat: "
        "{}\r\nid: "
        "{}\r\n",
        settings.from, to, header_text(title(alert)),
        fmt::gmtime(std::chrono::floor<std::chrono::seconds>(now)), alert.id, model::state_name(alert.state),
        one_line(alert.message), alert.rule, one_line(alert.subject), model::severity_name(alert.severity),
        one_line(measured(alert.value, alert.unit)), one_line(measured(alert.threshold, alert.unit)),
        model::format_timestamp(alert.started_at), model::format_timestamp(alert.at), alert.id);
}

void check_alert_sinks(const AlertSinkSettings& settings) {
    if (!settings.smtp.url.empty()) check(settings.smtp);
}

std::vector<std::unique_ptr<AlertSink>> make_alert_sinks(const AlertSinkSettings& settings) {
    check_alert_sinks(settings);
    std::vector<std::unique_ptr<AlertSink>> sinks;
    if (settings.log.enabled) sinks.push_back(std::make_unique<LogSink>());
    if (!settings.webhook.url.empty()) sinks.push_back(std::make_unique<WebhookSink>(settings.webhook));
    if (!settings.smtp.url.empty()) sinks.push_back(std::make_unique<SmtpSink>(settings.smtp));
    return sinks;
}

}  // namespace millrace::publish
