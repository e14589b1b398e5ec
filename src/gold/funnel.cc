#include "gold/funnel.h"

#include <algorithm>
#include <bit>

namespace millrace::gold {

std::int64_t DurationHistogram::bin(base::Duration duration) {
    const std::int64_t seconds = duration / std::chrono::seconds(1);
    if (seconds < 64) return seconds;
    const int doublings = std::bit_width(static_cast<std::uint64_t>(seconds)) - 6;
    return seconds >> doublings << doublings;
}

std::optional<std::int64_t> DurationHistogram::median() const {
    std::int64_t total = 0;
    for (const auto& [edge, count] : counts_) total += count;
    std::int64_t seen = 0;
    for (const auto& [edge, count] : counts_) {
        seen += count;
        if (2 * seen >= total) return edge;
    }
    return std::nullopt;
}

void FunnelSteps::add(const FunnelPath& path) {
    ++sessions;
    const std::array<bool, 3> steps = {path.viewed, path.carted, path.purchased};
    for (std::size_t step = 0; step < steps.size(); ++step) {
        if (!steps[step]) continue;
        ++reached[step];
        users[step].add(path.user_hash);
    }
    for (const base::Duration duration : path.to_cart) to_cart.add(duration);
    for (const base::Duration duration : path.to_purchase) to_purchase.add(duration);
    views += path.views;
    carts += path.carts;
    purchases += path.purchases;
}

void FunnelSteps::write(Row row) const {
    row.count(sessions);
    for (const std::int64_t count : reached) row.count(count);
    for (const Distinct& distinct : users) row.count(distinct.count());
    row.rate(static_cast<double>(reached[0] - reached[1]), static_cast<double>(reached[0]))
        .rate(static_cast<double>(reached[1] - reached[2]), static_cast<double>(reached[1]))
        .count_or_null(to_cart.median())
        .count_or_null(to_purchase.median())
        .count(views)
        .count(carts)
        .count(purchases)
        .rate(static_cast<double>(carts), static_cast<double>(views))
        .rate(static_cast<double>(purchases), static_cast<double>(carts));
}

Funnel::Funnel(const model::TimeZone& zone)
    : grains_{Windows(Grain::hour, zone), Windows(Grain::day, zone)} {}

bool Funnel::add(Timestamp session_start, const FunnelPath& path) {
    bool in_time = true;
    for (Windows& windows : grains_) {
        if (FunnelSteps* steps = windows.cell(session_start, {})) {
            steps->add(path);
        } else {
            in_time = false;
        }
    }
    return in_time;
}

void Funnel::move(const Distinct::Replacement& user) {
    for (Windows& windows : grains_) {
        windows.change_each([&](Windows::Cells& cells) {
            for (auto& [key, steps] : cells) {
                for (Distinct& users : steps.users) users.replace(user);
            }
        });
    }
}

void Funnel::write(Output& output, const Windows& windows, Window window, const Windows::Cells& cells) {
    for (const auto& [key, steps] : cells) {
        Row row = output[Table::funnel].add(windows.zone().day_of(window.start));
        row.text(grain_name(windows.grain())).time(window.start).time(window.end);
        steps.write(row);
    }
}

void Funnel::close(Timestamp closed, Output& output) {
    for (Windows& windows : grains_) {
        windows.close(closed, [&](Window window, const Windows::Cells& cells) {
            write(output, windows, window, cells);
        });
        windows.forget();
    }
}

void Funnel::peek(Output& output) const {
    for (const Windows& windows : grains_) {
        windows.each(
            [&](Window window, const Windows::Cells& cells) { write(output, windows, window, cells); });
    }
}

}  // namespace millrace::gold
