#include "silver/stage/batch_barrier.h"

#include <utility>

namespace millrace::silver {

std::uint32_t BatchBarrier::batch() const {
    const base::MutexLock lock(mutex_);
    return batch_;
}

void BatchBarrier::note_change() {
    ++changes_;
    stage_wakes_.notify_all();
}

void BatchBarrier::add_rows(std::int64_t rows) {
    if (rows_.fetch_add(rows) > 0) return;
    const base::MutexLock lock(mutex_);
    note_change();
}

void BatchBarrier::wait_for_seal(Wait why) {
    const base::MutexLock lock(mutex_);
    if (why == Wait::drained) {
        ++drained_;
    } else {
        full_ = true;
    }
    note_change();
    while (!ended_ && !sealing_) lanes_wake_.wait(mutex_);
    if (why == Wait::drained) --drained_;
}

bool BatchBarrier::deliver(std::size_t lane, LanePart part) {
    const base::MutexLock lock(mutex_);
    parts_[lane] = std::move(part);
    ++delivered_;
    note_change();
    // Compares batch numbers, since the next batch may already be sealed when this thread runs again.
    const std::uint32_t delivered = batch_;
    while (!ended_ && batch_ == delivered) lanes_wake_.wait(mutex_);
    return !ended_;
}

void BatchBarrier::fail(std::exception_ptr failure) {
    const base::MutexLock lock(mutex_);
    if (!failure_) failure_ = std::move(failure);
    note_change();
}

void BatchBarrier::reset(std::size_t lanes) {
    const base::MutexLock lock(mutex_);
    sealing_ = false;
    ended_ = false;
    rows_ = 0;
    moved_ = false;
    ++batch_;
    parts_.clear();
    parts_.resize(lanes);
    delivered_ = 0;
    drained_ = 0;
    full_ = false;
    failure_ = nullptr;
}

BatchBarrier::Status BatchBarrier::status() const {
    const base::MutexLock lock(mutex_);
    if (failure_) std::rethrow_exception(failure_);
    return {.rows = rows_,
            .moved = moved_,
            .full = full_,
            .drained = drained_ == parts_.size(),
            .changes = changes_};
}

void BatchBarrier::wait_for_change(const Status& seen, std::chrono::steady_clock::time_point until) {
    const base::MutexLock lock(mutex_);
    while (failure_ == nullptr && changes_ == seen.changes && stage_wakes_.wait_until(mutex_, until)) {
    }
}

void BatchBarrier::seal() {
    const base::MutexLock lock(mutex_);
    sealing_ = true;
    lanes_wake_.notify_all();
}

std::vector<LanePart> BatchBarrier::take_parts() {
    const base::MutexLock lock(mutex_);
    while (failure_ == nullptr && delivered_ != parts_.size()) stage_wakes_.wait(mutex_);
    if (failure_) std::rethrow_exception(failure_);
    std::vector<LanePart> parts(parts_.size());
    parts.swap(parts_);
    delivered_ = 0;
    full_ = false;
    rows_ = 0;
    moved_ = false;
    return parts;
}

void BatchBarrier::open_next() {
    {
        const base::MutexLock lock(mutex_);
        ++batch_;
        sealing_ = false;
    }
    lanes_wake_.notify_all();
}

std::uint32_t BatchBarrier::sealed_batch() const {
    const base::MutexLock lock(mutex_);
    return sealing_ ? batch_ : batch_ - 1;
}

void BatchBarrier::end() {
    {
        const base::MutexLock lock(mutex_);
        ended_ = true;
    }
    lanes_wake_.notify_all();
}

}  // namespace millrace::silver
