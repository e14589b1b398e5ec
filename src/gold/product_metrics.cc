#include "gold/product_metrics.h"

#include <algorithm>
#include <set>

namespace millrace::gold {

namespace {

constexpr base::Duration sliding = std::chrono::minutes(5);

}  // namespace

ProductMetrics::ProductMetrics(const Strings& strings, const model::TimeZone& zone)
    : Operator(strings), minutes_(Grain::minute, zone, sliding - std::chrono::minutes(1)) {}

void ProductMetrics::add(const std::vector<Event>& events) {
    for (const Event& event : events) {
        if (!has_product(event.kind) || event.product == 0) continue;
        if (minutes_.is_late(event.time)) count_late();
        if (auto* cell = minutes_.cell(event.time, {event.product, event.category, event.currency}))
            cell->add(event, hash(Field::user, event.user));
    }
}

void ProductMetrics::remember() {
    Operator::remember();
    minutes_.remember();
}

void ProductMetrics::restore() {
    Operator::restore();
    minutes_.restore();
}

void ProductMetrics::write(Output& output, std::string_view name, Window window,
                           const Minutes::Cells& cells) const {
    const std::int64_t day = minutes_.zone().day_of(window.start);
    for (const auto& [key, counts] : cells) {
        Row row = output[Table::product_metrics].add(day);
        row.text(name).time(window.start).time(window.end);
        row.text(text(Field::product, key.first))
            .text_or_null(text(Field::category, key.second))
            .text(text(Field::currency, key.third));
        counts.write(row);
    }
}

/// Writes the sliding windows that end after `after` and at or before `up_to`.
void ProductMetrics::write_sliding(Output& output, Timestamp after, Timestamp up_to) const {
    std::set<Timestamp> starts;
    minutes_.each([&](Window pane, const Minutes::Cells&) {
        for (Timestamp start = pane.end - sliding; start <= pane.start; start += std::chrono::minutes(1)) {
            if (start + sliding > after && start + sliding <= up_to) starts.insert(start);
        }
    });
    for (const Timestamp start : starts) {
        Minutes::Cells joined;
        for (Timestamp at = start; at < start + sliding; at += std::chrono::minutes(1)) {
            const Minutes::Cells* pane = minutes_.at(at);
            if (pane == nullptr) continue;
            for (const auto& [key, counts] : *pane) joined[key].add(counts);
        }
        write(output, "5m", {start, start + sliding}, joined);
    }
}

void ProductMetrics::close(Timestamp watermark, Output& output) {
    const Timestamp before = minutes_.closed();
    if (minutes_since_1970(watermark) == minutes_since_1970(before) && before != no_watermark) return;
    minutes_.close(watermark,
                   [&](Window window, const Minutes::Cells& cells) { write(output, "1m", window, cells); });
    write_sliding(output, before, watermark);
    minutes_.forget();
}

void ProductMetrics::peek(Output& output) const {
    minutes_.each([&](Window window, const Minutes::Cells& cells) {
        if (window.end > minutes_.closed()) write(output, "1m", window, cells);
    });
    write_sliding(output, minutes_.closed(), end_of_time);
}

/// A minute has a row of its own, and is part of five sliding windows.
std::size_t ProductMetrics::open_rows() const {
    return minutes_.size() * (1 + sliding / std::chrono::minutes(1));
}

void ProductMetrics::mark(Marks& marks) const {
    minutes_.each([&](Window, const Minutes::Cells& cells) {
        for (const auto& [key, counts] : cells) {
            marks.mark(Field::product, key.first);
            marks.mark(Field::category, key.second);
            marks.mark(Field::currency, key.third);
        }
    });
}

}  // namespace millrace::gold
