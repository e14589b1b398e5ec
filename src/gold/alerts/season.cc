#include "gold/alerts/season.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace millrace::gold {

namespace {

constexpr Season::SlotNumber slots_per_hour = std::chrono::hours(1) / Season::slot_length;
constexpr Season::SlotNumber slots_per_week = std::chrono::weeks(1) / Season::slot_length;
constexpr int weeks = 5;
constexpr int days = 6;
/// A time is smoothed over half an hour before and after it.
constexpr Season::SlotNumber smoothed = 3;
/// What happened within an hour and ten minutes happened at the same time.
constexpr Season::SlotNumber around = 7;
/// The hour by which the clocks change makes five weeks longer.
constexpr Season::SlotNumber kept_slots = weeks * slots_per_week + 2 * around + slots_per_hour;
/// The longest window that a rule can have, and the hour until its slots are settled.
constexpr std::size_t kept_profiles = 25 * slots_per_hour;
constexpr int min_minutes = 5;  // from which a slot is known

/// The weight of the dispersion of all hours in that of one time of the week: as much as the windows of that
/// time in five weeks.
constexpr double pseudo_windows = weeks * (2 * smoothed + 1);
constexpr int min_windows = 36;         // to compute a dispersion from
constexpr double level_half_life = 36;  // in slots of average traffic, so that a closed night forgets nothing
constexpr double level_spread = 0.3;    // how much levels differ: a level of few events is shrunk to 1
constexpr double max_step = 1.5;        // the most by which one slot can differ from the level, as a factor
constexpr double max_level = 4;

/// The length of the default window, in slots.
double window_slots(Season::Kind kind) {
    switch (kind) {
        case Season::Kind::count:
            return 1;
        case Season::Kind::rate:
            return 3;
        case Season::Kind::money:
            return 6;
    }
    return 1;
}

double min_dispersion(Season::Kind kind) {
    return kind == Season::Kind::money ? 1e-9 : 1;
}

/// Keeps the two smallest of some finite values.
class TwoSmallest {
  public:
    void add(double value) {
        if (!std::isfinite(value)) return;
        if (value < first_) std::swap(first_, value);
        second_ = std::min(second_, value);
        ++count_;
    }
    /// The second one, or the only one.
    [[nodiscard]] std::optional<double> second() const {
        if (count_ == 0) return std::nullopt;
        return count_ > 1 ? second_ : first_;
    }

  private:
    double first_ = std::numeric_limits<double>::infinity();
    double second_ = std::numeric_limits<double>::infinity();
    int count_ = 0;
};

/// Squared errors of expectations, and the sum of these.
struct Errors {
    double squares = 0;
    double expected = 0;
    int windows = 0;

    void add(double value, double its_expected) {
        squares += (value - its_expected) * (value - its_expected);
        expected += its_expected;
        ++windows;
    }
};

}  // namespace

const Season::Slot* Season::find(SlotNumber slot) const {
    if (slot < first_ || slot >= end()) return nullptr;
    return &slots_[static_cast<std::size_t>(slot - first_)];
}

const Season::Profile* Season::profile_of(SlotNumber slot) const {
    const SlotNumber first = end() - static_cast<SlotNumber>(profiles_.size());
    if (slot < first || slot >= end()) return nullptr;
    const Profile& profile = profiles_[static_cast<std::size_t>(slot - first)];
    return profile.exists ? &profile : nullptr;
}

void Season::begin(SlotNumber slot, const model::TimeZone& zone, double rough_dispersion) {
    if (has_begun(slot)) return;
    if (slots_.empty() || slot - end() > kept_slots) {
        slots_.clear();
        profiles_.clear();
        first_ = slot;
    }
    begins_ = std::min(begins_, slot);
    while (end() <= slot) {
        slots_.emplace_back();
        profiles_.emplace_back();
    }
    while (static_cast<SlotNumber>(slots_.size()) > kept_slots) {
        slots_.pop_front();
        ++first_;
    }
    while (profiles_.size() > std::min(kept_profiles, slots_.size())) profiles_.pop_front();
    if (!computed_ || slot - *computed_ >= slots_per_hour) {
        compute_hourly(rough_dispersion);
        computed_ = slot;
    }
    set_level();
    profiles_.back() = make_profile(slot, zone);
}

void Season::settle(SlotNumber number, const Figure& sum, int minutes) {
    if (minutes < min_minutes || find(number) == nullptr) return;
    Slot& slot = slots_[static_cast<std::size_t>(number - first_)];
    slot.figure = sum.times(static_cast<double>(slot_length / std::chrono::minutes(1)) / minutes);
    slot.known = true;
    const Profile* profile = profile_of(number);
    if (profile != nullptr && !profile->by_days) learn_level(slot.figure, *profile);
}

/// Adds a slot to the sums of what came and what was expected. They forget in proportion to the expected
/// value.
void Season::learn_level(const Figure& figure, const Profile& profile) {
    double expected = profile.base.value;
    if (kind_ == Kind::rate)
        expected = profile.base.per > 0 ? figure.per * profile.base.value / profile.base.per : 0;
    if (expected <= 0) return;
    const double value = std::clamp(figure.value, expected * level_ / max_step, expected * level_ * max_step);
    const double half_lives = week_mean_ > 0 ? expected / (week_mean_ * level_half_life) : 1;
    const double kept = std::exp2(-half_lives);
    learned_ = learned_ * kept + value;
    expected_ = expected_ * kept + expected;
}

void Season::set_level() {
    const double prior = dispersion_ / (level_spread * level_spread);
    level_ = std::clamp((learned_ + prior) / (expected_ + prior), 1 / max_level, max_level);
}

/// Computes what changes slowly: the usual dispersion, and the mean of the last week.
void Season::compute_hourly(double rough_dispersion) {
    dispersion_ = std::max(usual_dispersion().value_or(kind_ == Kind::money ? rough_dispersion : 1),
                           min_dispersion(kind_));
    double sum = 0;
    std::int64_t known = 0;
    for (SlotNumber slot = std::max(first_, end() - 1 - slots_per_week); slot < end() - 1; ++slot) {
        if (const Slot* found = find(slot); found->known) {
            sum += found->figure.value;
            ++known;
        }
    }
    week_mean_ = known > 0 ? sum / static_cast<double>(known) : 0;
}

/// The median of the dispersions of all hours of the week, weighted by what is expected of them. Windows that
/// were judged by days only count where there are no others.
std::optional<double> Season::usual_dispersion() const {
    const auto remembered = [](bool by_days) {
        return [by_days](const Slot& slot) { return slot.expected > 0 && slot.by_days == by_days; };
    };
    const bool by_days = std::ranges::none_of(slots_, remembered(false));
    std::array<Errors, static_cast<std::size_t>(slots_per_week / slots_per_hour)> hours;
    Errors all;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        const Slot& slot = slots_[i];
        if (!remembered(by_days)(slot)) continue;
        const Timestamp time = start_of(first_ + static_cast<SlotNumber>(i));
        const base::Duration into_week = time - std::chrono::floor<std::chrono::weeks>(time);
        hours[static_cast<std::size_t>(into_week / std::chrono::hours(1))].add(slot.value, slot.expected);
        all.add(slot.value, slot.expected);
    }
    if (all.windows < min_windows || all.expected <= 0) return std::nullopt;
    std::vector<std::pair<double, double>> dispersions;  // and their weights
    for (const Errors& hour : hours) {
        if (hour.expected > 0) dispersions.emplace_back(hour.squares / hour.expected, hour.expected);
    }
    std::ranges::sort(dispersions);
    double weight = 0;
    for (const auto& [dispersion, expected] : dispersions) {
        weight += expected;
        if (weight >= all.expected / 2) return dispersion;
    }
    return std::nullopt;
}

bool Season::is_known_around(SlotNumber slot) const {
    for (SlotNumber each = slot - smoothed; each <= slot + smoothed; ++each) {
        if (const Slot* found = find(each); found != nullptr && found->known) return true;
    }
    return false;
}

/// The slots at the same local time of the weeks, or days, before, as far as they are known.
std::vector<Season::SlotNumber> Season::same_times(SlotNumber slot, const model::TimeZone& zone,
                                                   bool by_days) const {
    const SlotNumber margin = by_days ? smoothed + 1 : around + 1;
    const std::int64_t day = zone.day_of(start_of(slot));
    const Timestamp midnight = zone.day_start(day);
    std::vector<SlotNumber> times;
    for (int back = 1; back <= (by_days ? days : weeks); ++back) {
        const base::Duration since = midnight - zone.day_start(day - (by_days ? back : 7 * back));
        const SlotNumber same = slot - since / slot_length;
        if (same - margin >= begins_ && is_known_around(same)) times.push_back(same);
    }
    return times;
}

Season::Profile Season::make_profile(SlotNumber slot, const model::TimeZone& zone) const {
    Profile profile;
    auto times = same_times(slot, zone, false);
    profile.by_days = times.empty();
    if (profile.by_days) times = same_times(slot, zone, true);
    double weights = 0;
    for (const SlotNumber time : times) {
        for (SlotNumber by = -smoothed; by <= smoothed; ++by) {
            const Slot* found = find(time + by);
            if (found == nullptr || !found->known) continue;
            const auto weight = static_cast<double>(smoothed + 1 - std::abs(by));
            profile.base.add(found->figure.times(weight));
            weights += weight;
        }
    }
    if (weights == 0) return {};
    profile.exists = true;
    profile.base = profile.base.times(1 / weights);
    profile.dispersion = dispersion_at(times, profile.base);
    set_extremes(times, profile);
    return profile;
}

/// The dispersion at one time of the week, which is shrunk to the usual one.
double Season::dispersion_at(const std::vector<SlotNumber>& times, const Figure& base) const {
    Errors errors;
    Errors errors_by_days;
    for (const SlotNumber time : times) {
        for (SlotNumber each = time - smoothed; each <= time + smoothed; ++each) {
            const Slot* found = find(each);
            if (found == nullptr || found->expected <= 0) continue;
            (found->by_days ? errors_by_days : errors).add(found->value, found->expected);
        }
    }
    if (errors.windows == 0) errors = errors_by_days;
    const double prior = pseudo_windows * base.value * window_slots(kind_);
    const double sum = errors.expected + prior;
    const double found = sum > 0 ? (errors.squares + prior * dispersion_) / sum : dispersion_;
    return std::max(found, min_dispersion(kind_));
}

/// Takes the second most extreme one of the weeks, or days.
void Season::set_extremes(const std::vector<SlotNumber>& times, Profile& profile) const {
    TwoSmallest lows;
    TwoSmallest highs;  // negated
    for (const SlotNumber time : times) {
        double low = std::numeric_limits<double>::infinity();
        double high = 0;
        for (SlotNumber each = time - around; each <= time + around; ++each) {
            const Slot* found = find(each);
            if (found == nullptr) continue;
            low = std::min(low, found->lowest);
            high = std::max(high, found->highest);
        }
        lows.add(low);
        highs.add(-high);
    }
    profile.low = lows.second();
    if (const auto high = highs.second()) profile.high = -*high;
}

std::optional<Season::Expectation> Season::expectation(Window window, const Figure& now) const {
    Figure base;
    Expectation expectation;
    double dispersion = min_dispersion(kind_);
    const Profile* profile = nullptr;
    for (SlotNumber slot = slot_of(window.start); start_of(slot) < window.end; ++slot) {
        profile = profile_of(slot);
        if (profile == nullptr) return std::nullopt;
        const base::Duration overlap =
            std::min(window.end, start_of(slot + 1)) - std::max(window.start, start_of(slot));
        base.add(profile->base.times(std::chrono::duration<double>(overlap) / slot_length));
        dispersion = std::max(dispersion, profile->dispersion);
        expectation.by_days |= profile->by_days;
    }
    if (profile == nullptr) return std::nullopt;
    double mean = base.value * level_;
    double lowest = std::min(1.0, level_);
    if (kind_ == Kind::rate) {
        mean = base.per > 0 ? mean * now.per / base.per : 0;
        lowest *= now.per;
    }
    const double slots = std::chrono::duration<double>(window.end - window.start) / slot_length;
    expectation.low = {.mean = mean, .dispersion = dispersion, .extreme = profile->low};
    if (profile->low) expectation.low.extreme = *profile->low * lowest;
    expectation.high = {.mean = std::max(mean, week_mean_ * slots), .dispersion = dispersion, .extreme = {}};
    if (profile->high) expectation.high.extreme = *profile->high * std::max(1.0, level_);
    return expectation;
}

void Season::note_low(const Figure& figure) {
    if (slots_.empty() || (kind_ == Kind::rate && figure.per <= 0)) return;
    const double value = kind_ == Kind::rate ? figure.value / figure.per : figure.value;
    slots_.back().lowest = std::min(slots_.back().lowest, value);
}

void Season::note_high(double value) {
    if (!slots_.empty()) slots_.back().highest = std::max(slots_.back().highest, value);
}

void Season::remember(double value, const Usual& expected, bool by_days) {
    if (slots_.empty() || expected.mean <= 0) return;
    Slot& slot = slots_.back();
    slot.value = value;
    slot.expected = expected.mean;
    slot.by_days = by_days;
}

}  // namespace millrace::gold
