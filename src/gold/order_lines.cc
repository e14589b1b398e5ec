#include "gold/order_lines.h"

#include <algorithm>
#include <cereal/archives/binary.hpp>
#include <cereal/types/set.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/vector.hpp>
#include <chrono>

#include "base/error.h"

namespace millrace::gold {

namespace {

constexpr base::Duration time_between_looks = std::chrono::hours(1);

bool is_line(const Event& event) {
    return event.line != 0;
}

void mark(Event& line, bool repeats) {
    line.kind = repeats ? Kind::repeat : Kind::purchase;
}

}  // namespace

bool OrderLines::is_known(const Event& line) const {
    const auto found = known_.find(line.line);
    return found != known_.end() && line.time >= found->second.first &&
           line.time - found->second.last <= period_;
}

std::vector<Event> OrderLines::hold(std::vector<Event>& rows) {
    std::vector<Event> lines;
    const auto is_held = [this](const Event& event) { return is_line(event) && event.time >= settled_; };
    for (Event& event : rows) {
        if (!is_line(event)) continue;
        if (is_held(event)) {
            lines.push_back(event);
        } else {
            mark_late(event);
        }
    }
    if (lines.empty()) return lines;
    std::erase_if(rows, is_held);
    sort(lines);
    held_.insert(held_.end(), lines.begin(), lines.end());
    for (Event& line : lines) mark_by(arrived_, line);
    return lines;
}

std::vector<Event> OrderLines::settle(Timestamp watermark) {
    std::vector<Event> lines;
    if (watermark <= settled_) return lines;
    settled_ = watermark;
    const auto later =
        std::ranges::partition(held_, [&](const Event& line) { return line.time < watermark; });
    lines.assign(held_.begin(), later.begin());
    held_.erase(held_.begin(), later.begin());
    arrived_.clear();
    for (Event& line : held_) mark_by(arrived_, line);
    sort(lines);
    for (Event& line : lines) mark_settled(line);
    forget(watermark);
    return lines;
}

void OrderLines::learn(const std::vector<Event>& rows) {
    for (const Event& event : rows) {
        if (!is_line(event)) continue;
        const auto [seen, is_new] = known_.try_emplace(event.line, event.time, event.time);
        if (!is_new) seen->second.last = std::max(seen->second.last, event.time);
    }
}

std::vector<Event> OrderLines::show() {
    std::vector<Event> lines = held_;
    sort(lines);
    shown_.clear();
    for (Event& line : lines) mark_by(shown_, line);
    return lines;
}

void OrderLines::mark_shown(std::vector<Event>& rows) {
    for (Event& event : rows) {
        if (is_line(event)) mark_by(shown_, event);
    }
}

/// Marks a line by what has settled and by those before it.
void OrderLines::mark_by(Latest& latest, Event& line) const {
    const auto [found, is_new] = latest.try_emplace(line.line, line.time);
    const bool follows = !is_new && std::chrono::abs(line.time - found->second) <= period_;
    gold::mark(line, follows || is_known(line));
    found->second = std::max(found->second, line.time);
}

/// Lines settle in the order of time, so that each one only has to look back.
void OrderLines::mark_settled(Event& line) {
    const auto [found, is_new] = known_.try_emplace(line.line, line.time, line.time);
    Seen& seen = found->second;
    const bool repeats = !is_new && line.time - seen.last <= period_;
    gold::mark(line, repeats);
    if (!repeats) seen.first = line.time;
    seen.last = std::max(seen.last, line.time);
}

void OrderLines::mark_late(Event& line) {
    const auto [found, is_new] = known_.try_emplace(line.line, line.time, line.time);
    Seen& seen = found->second;
    const bool before = line.time < seen.first;
    const bool after = line.time - seen.last > period_;
    gold::mark(line, !is_new && !before && !after);
    if (line.time < settled_ - period_) displace_later_ones(line);
    if (is_new) return;
    if (after) seen = {line.time, line.time};
    if (before && seen.first - line.time <= period_) displaced_.insert(std::exchange(seen.first, line.time));
    seen.last = std::max(seen.last, line.time);
}

/// The same line may have counted within the period after one that is older than what is known. Each day has
/// two moments of the grid at least.
void OrderLines::displace_later_ones(const Event& line) {
    constexpr base::Duration grid = std::chrono::hours(12);
    const Timestamp end = std::min(line.time + period_, settled_);
    for (Timestamp time = aligned(line.time, grid).end; time < end; time += grid) displaced_.insert(time);
}

std::vector<Timestamp> OrderLines::take_displaced(Timestamp watermark, const model::TimeZone& zone) {
    std::vector<Timestamp> times(displaced_.begin(), displaced_.end());
    for (const Timestamp time : std::exchange(displaced_, {})) {
        told_.emplace(aligned(time, std::chrono::hours(1)).end, time);
        told_.emplace(zone.day_start(zone.day_of(time) + 1) + max_window_length, time);
    }
    while (!told_.empty() && told_.begin()->first <= watermark)
        times.push_back(told_.extract(told_.begin()).value().second);
    return times;
}

void OrderLines::sort(std::vector<Event>& lines) const {
    const StringPool& ids = strings_[Field::event];
    std::ranges::sort(lines, [&ids](const Event& a, const Event& b) {
        return a.time != b.time ? a.time < b.time : ids.value(a.id) < ids.value(b.id);
    });
}

template <class Archive>
void OrderLines::serialize(Archive& archive) {
    std::size_t lines = known_.size();
    archive(settled_, forgotten_, held_, displaced_, told_, lines);
    if constexpr (Archive::is_saving::value) {
        for (auto& [line, seen] : known_) archive(line, seen);
    } else {
        for (; lines > 0; --lines) {
            std::pair<std::uint64_t, Seen> each;
            archive(each.first, each.second);
            known_.insert(each);
        }
        for (Event& line : held_) mark_by(arrived_, line);
    }
}

void OrderLines::save(std::ostream& stream) const {
    cereal::BinaryOutputArchive archive(stream);
    const_cast<OrderLines*>(this)->serialize(archive);  // an output archive only reads
}

void OrderLines::load(std::istream& stream) {
    try {
        cereal::BinaryInputArchive archive(stream);
        serialize(archive);
    } catch (const std::exception& error) {  // an impossible length throws exceptions of the library
        throw Error("loading Gold's state", error.what());
    }
}

/// Removes lines of which no repeat can come any more.
void OrderLines::forget(Timestamp watermark) {
    if (forgotten_ != no_watermark && watermark - forgotten_ < time_between_looks) return;
    forgotten_ = watermark;
    if (watermark == end_of_time) return known_.clear();
    boost::unordered::erase_if(known_,
                               [&](const auto& line) { return line.second.last < watermark - period_; });
}

void OrderLines::mark(Marks& marks) const {
    for (const Event& line : held_) {
        marks.mark(Field::event, line.id);
        marks.mark(Field::user, line.user);
        marks.mark(Field::product, line.product);
        marks.mark(Field::category, line.category);
        marks.mark(Field::device, line.device);
        marks.mark(Field::session, line.session);
        marks.mark(Field::page, line.page);
        marks.mark(Field::order, line.order);
        marks.mark(Field::currency, line.currency);
    }
}

}  // namespace millrace::gold
