#include "publish/alert_delivery.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "gold/stage/alert_rows.h"
#include "model/timestamp.h"
#include "publish/silences.h"

namespace millrace::publish {

namespace {

using model::Alert;
using model::AlertSequence;

constexpr RetryLoop::Pauses delivery_pauses{.poll_interval = std::chrono::milliseconds(500),
                                            .max_pause = std::chrono::seconds(60)};

/// Returns the position of a sink in a table whose last alert has the sequence number `last`. For a new sink
/// or a new table, it is the end of the table. If the file is damaged, the alerts of the last day are sent
/// again, since sending twice is better than never.
AlertSequence read_position(const std::filesystem::path& path, const storage::DeltaTable& table,
                            AlertSequence last) {
    const auto content = base::read_file_if_exists(path);
    if (!content) return last;
    boost::system::error_code error;
    const base::json::value known = base::json::parse(*content, error);
    if (!error && known.is_object() && base::member(known.get_object(), "sequence").is_int64())
        return std::min(AlertSequence(known.get_object().at("sequence").get_int64()), last);
    spdlog::warn("alerts: {} is damaged; the alerts of the last 24 hours are sent again", path.string());
    AlertSequence position = last;
    for (const Alert& alert : gold::alerts_after(table, AlertSequence(0))) {
        if (alert.at < base::now() - std::chrono::days(1)) continue;
        position = alert.sequence - 1;
        break;
    }
    return position;
}

void write_position(const std::filesystem::path& path, AlertSequence sequence) {
    base::replace_file(path,
                       base::json::serialize(base::json::object{{"sequence", sequence.value()}}) + "\n");
}

}  // namespace

AlertDelivery::AlertDelivery(const catalog::DataDirectory& data,
                             std::vector<std::unique_ptr<AlertSink>> sinks)
    : data_(data) {
    const auto table = storage::DeltaTable::open(gold::alerts_path(data));
    for (auto& sink : sinks) deliveries_.emplace_back().sink = std::move(sink);
    const AlertSequence last(std::max<std::int64_t>(table.snapshot().txn(gold::alerts_app_id, 0), 0));
    for (Delivery& delivery : deliveries_) {
        delivery.sent = read_position(position_path(delivery), table, last);
        write_position(position_path(delivery), delivery.sent);
    }
    for (Delivery& delivery : deliveries_) {
        loops_.push_back(std::make_unique<RetryLoop>(
            fmt::format("alerts: {}", delivery.sink->name()), delivery_pauses,
            [this, &delivery](const base::StopSignal& stop) { deliver_all(delivery, stop); }));
    }
}

void AlertDelivery::finish(std::chrono::seconds limit) {
    for (const auto& loop : loops_) loop->drain();
    const auto deadline = std::chrono::steady_clock::now() + limit;
    if (std::ranges::all_of(loops_, [&](const auto& loop) { return loop->wait_until(deadline); })) return;
    spdlog::warn("alerts: not all alerts could be sent; the next run of Gold sends the rest");
}

std::map<std::string, std::int64_t> AlertDelivery::pending(AlertSequence last) const {
    std::map<std::string, std::int64_t> pending;
    for (const Delivery& delivery : deliveries_)
        pending[delivery.sink->name()] = std::max<std::int64_t>(0, last - delivery.sent);
    return pending;
}

std::filesystem::path AlertDelivery::position_path(const Delivery& delivery) const {
    return data_.gold() / fmt::format("alerts-sent-{}.json", delivery.sink->name());
}

void AlertDelivery::deliver_all(Delivery& delivery, const base::StopSignal& stop) {
    const auto table = storage::DeltaTable::open(gold::alerts_path(data_));
    const AlertSequence quiet(table.snapshot().txn(gold::quiet_app_id, 0));
    delivery.sent = std::max(delivery.sent.load(), quiet);
    if (AlertSequence(table.snapshot().txn(gold::alerts_app_id, 0)) <= delivery.sent) return;
    for (const Alert& alert : gold::alerts_after(table, delivery.sent)) {
        if (stop.requested()) return;
        if (!is_silenced(alert, read_silences(data_, base::wall_time()))) delivery.sink->send(alert);
        delivery.sent = alert.sequence;
        write_position(position_path(delivery), delivery.sent);
    }
}

}  // namespace millrace::publish
