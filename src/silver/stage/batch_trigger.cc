#include "silver/stage/batch_trigger.h"

#include <algorithm>

namespace millrace::silver {

namespace {

constexpr auto check_interval = std::chrono::milliseconds(50);

}  // namespace

bool BatchTrigger::is_due(const BatchBarrier::Status& batch, Clock::time_point now) {
    if (batch.full) return true;
    if (available_now_) return false;
    if (is_continuous()) return (batch.rows > 0 || batch.moved) && now >= last_commit_ + continuous_spacing;
    if (now < next_) return false;
    while (next_ <= now) next_ += interval_;
    return true;
}

BatchTrigger::Clock::time_point BatchTrigger::next_check(Clock::time_point now) const {
    const auto soon = now + check_interval;
    return is_continuous() || available_now_ ? soon : std::min(soon, next_);
}

}  // namespace millrace::silver
