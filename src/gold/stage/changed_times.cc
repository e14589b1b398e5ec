#include "gold/stage/changed_times.h"

#include <cereal/types/set.hpp>
#include <cereal/types/utility.hpp>

#include "gold/state/state_archive.h"

namespace millrace::gold {

void ChangedTimes::add(const std::set<Timestamp>& times) {
    added_.insert(times.begin(), times.end());
}

std::vector<Timestamp> ChangedTimes::take(Timestamp watermark) {
    std::vector<Timestamp> times(added_.begin(), added_.end());
    for (const Timestamp time : std::exchange(added_, {})) {
        told_.emplace(aligned(time, std::chrono::hours(1)).end, time);
        told_.emplace(zone_.day_start(zone_.day_of(time) + 1) + max_window_length, time);
    }
    while (!told_.empty() && told_.begin()->first <= watermark)
        times.push_back(told_.extract(told_.begin()).value().second);
    return times;
}

void ChangedTimes::save(std::ostream& stream) const {
    save_state(stream, [this](auto& archive) { archive(added_, told_); });
}

void ChangedTimes::load(std::istream& stream) {
    load_state(stream, [this](auto& archive) { archive(added_, told_); });
}

}  // namespace millrace::gold
