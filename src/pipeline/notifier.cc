#include "pipeline/notifier.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "pipeline/alert_rows.h"

namespace millrace::pipeline {

namespace {

using model::Alert;

constexpr auto between_looks = std::chrono::milliseconds(500);
constexpr auto shortest_pause = std::chrono::milliseconds(500);
constexpr auto longest_pause = std::chrono::seconds(60);

std::optional<std::int64_t> read_position(const std::filesystem::path& path) {
    const auto content = base::read_file_if_exists(path);
    if (!content) return std::nullopt;
    return base::integer_member(base::parse_json(*content, path.string()).as_object(), "sequence");
}

void write_position(const std::filesystem::path& path, std::int64_t sequence) {
    base::replace_file(path, base::json::serialize(base::json::object{{"sequence", sequence}}) + "\n");
}

}  // namespace

Notifier::Notifier(const DataDirectory& data, std::vector<std::unique_ptr<serve::AlertSink>> sinks)
    : data_(data) {
    const auto table = storage::DeltaTable::open(alerts_path(data));
    for (auto& sink : sinks) deliveries_.push_back({.sink = std::move(sink)});
    for (Delivery& delivery : deliveries_) {
        const auto path = position_path(delivery);
        const auto known = read_position(path);
        delivery.sent = known.value_or(std::max<std::int64_t>(table.snapshot().txn(alerts_app_id, 0), 0));
        if (!known) write_position(path, delivery.sent);
    }
    working_ = deliveries_.size();
    for (Delivery& delivery : deliveries_) {
        delivery.thread = std::thread([this, &delivery] {
            work(delivery);
            if (--working_ == 0) ended_.request();
        });
    }
}

Notifier::~Notifier() {
    stop_.request();
    finish_.request();
    for (Delivery& delivery : deliveries_) delivery.thread.join();
}

void Notifier::finish(std::chrono::seconds limit) {
    finish_.request();
    if (deliveries_.empty() || ended_.wait_for(limit)) return;
    spdlog::warn("alerts: not all could be sent; the next run of Gold sends the others");
}

std::filesystem::path Notifier::position_path(const Delivery& delivery) const {
    return data_.gold() / fmt::format("alerts-sent-{}.json", delivery.sink->name());
}

void Notifier::work(Delivery& delivery) {
    std::chrono::milliseconds pause = shortest_pause;
    bool told = false;
    while (!stop_.requested()) {
        const bool last = finish_.requested();
        try {
            deliver_all(delivery);
            if (std::exchange(told, false))
                spdlog::info("alerts: {} takes them again", delivery.sink->name());
            if (last) return;
            pause = shortest_pause;
            finish_.wait_for(between_looks);
        } catch (const std::exception& error) {
            if (!std::exchange(told, true)) spdlog::warn("{}; trying again", error.what());
            stop_.wait_for(last ? shortest_pause : pause);
            pause = std::min<std::chrono::milliseconds>(pause * 2, longest_pause);
        }
    }
}

void Notifier::deliver_all(Delivery& delivery) {
    const auto table = storage::DeltaTable::open(alerts_path(data_));
    delivery.sent = std::max(delivery.sent, table.snapshot().txn(quiet_app_id, 0));
    if (table.snapshot().txn(alerts_app_id, 0) <= delivery.sent) return;
    for (const Alert& alert : alerts_after(table, delivery.sent)) {
        if (stop_.requested()) return;
        delivery.sink->send(alert);
        delivery.sent = alert.sequence;
        write_position(position_path(delivery), delivery.sent);
    }
}

}  // namespace millrace::pipeline
