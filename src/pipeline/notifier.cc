#include "pipeline/notifier.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "model/timestamp.h"
#include "pipeline/alert_rows.h"
#include "pipeline/silences.h"

namespace millrace::pipeline {

namespace {

using model::Alert;

constexpr Follower::Pauses pauses{.between_looks = std::chrono::milliseconds(500),
                                  .longest = std::chrono::seconds(60)};

/// Where a sink stands in a table whose last alert has the number `last`: at its end, where it wasn't there
/// before or the table is a new one. Where its file is damaged, alerts of the last day are sent again: rather
/// twice than never.
std::int64_t read_position(const std::filesystem::path& path, const storage::DeltaTable& table,
                           std::int64_t last) {
    const auto content = base::read_file_if_exists(path);
    if (!content) return last;
    boost::system::error_code error;
    const base::json::value known = base::json::parse(*content, error);
    if (!error && known.is_object() && base::member(known.get_object(), "sequence").is_int64())
        return std::min(known.get_object().at("sequence").get_int64(), last);
    spdlog::warn("alerts: {} is damaged; what fired in the last 24 hours is sent again", path.string());
    std::int64_t position = last;
    for (const Alert& alert : alerts_after(table, 0)) {
        if (alert.at < base::now_us() - model::us_per_day) continue;
        position = alert.sequence - 1;
        break;
    }
    return position;
}

void write_position(const std::filesystem::path& path, std::int64_t sequence) {
    base::replace_file(path, base::json::serialize(base::json::object{{"sequence", sequence}}) + "\n");
}

}  // namespace

Notifier::Notifier(const DataDirectory& data, std::vector<std::unique_ptr<serve::AlertSink>> sinks)
    : data_(data) {
    const auto table = storage::DeltaTable::open(alerts_path(data));
    for (auto& sink : sinks) deliveries_.emplace_back().sink = std::move(sink);
    const auto last = std::max<std::int64_t>(table.snapshot().txn(alerts_app_id, 0), 0);
    for (Delivery& delivery : deliveries_) {
        delivery.sent = read_position(position_path(delivery), table, last);
        write_position(position_path(delivery), delivery.sent);
    }
    for (Delivery& delivery : deliveries_) {
        followers_.push_back(std::make_unique<Follower>(
            fmt::format("alerts: {}", delivery.sink->name()), pauses,
            [this, &delivery](const base::StopSignal& stop) { deliver_all(delivery, stop); }));
    }
}

void Notifier::finish(std::chrono::seconds limit) {
    for (const auto& follower : followers_) follower->hurry();
    const auto deadline = std::chrono::steady_clock::now() + limit;
    if (std::ranges::all_of(followers_, [&](const auto& follower) { return follower->wait_until(deadline); }))
        return;
    spdlog::warn("alerts: not all could be sent; the next run of Gold sends the others");
}

std::map<std::string, std::int64_t> Notifier::unsent(std::int64_t last) const {
    std::map<std::string, std::int64_t> unsent;
    for (const Delivery& delivery : deliveries_)
        unsent[delivery.sink->name()] = std::max<std::int64_t>(0, last - delivery.sent);
    return unsent;
}

std::filesystem::path Notifier::position_path(const Delivery& delivery) const {
    return data_.gold() / fmt::format("alerts-sent-{}.json", delivery.sink->name());
}

void Notifier::deliver_all(Delivery& delivery, const base::StopSignal& stop) {
    const auto table = storage::DeltaTable::open(alerts_path(data_));
    delivery.sent = std::max(delivery.sent.load(), table.snapshot().txn(quiet_app_id, 0));
    if (table.snapshot().txn(alerts_app_id, 0) <= delivery.sent) return;
    for (const Alert& alert : alerts_after(table, delivery.sent)) {
        if (stop.requested()) return;
        if (!is_silenced(alert, read_silences(data_, base::now_ms()))) delivery.sink->send(alert);
        delivery.sent = alert.sequence;
        write_position(position_path(delivery), delivery.sent);
    }
}

}  // namespace millrace::pipeline
