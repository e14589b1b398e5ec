#include "gold/stage/open_windows.h"

#include <utility>

namespace millrace::gold {

std::optional<OpenWindowsSnapshot> OpenWindowsChannel::request(const Request& request,
                                                               std::chrono::milliseconds limit) {
    const std::lock_guard one(requesting_);
    std::unique_lock lock(mutex_);
    snapshot_.reset();
    if (state_ == State::open) {
        pending_ = request;
        has_pending_ = true;
        changed_.wait_for(lock, limit, [this] { return snapshot_.has_value() || state_ != State::open; });
        pending_.reset();
        has_pending_ = false;
    }
    if (!snapshot_ && state_ == State::frozen) return take_(request);
    return std::exchange(snapshot_, std::nullopt);
}

void OpenWindowsChannel::open() {
    const std::lock_guard lock(mutex_);
    state_ = State::open;
}

void OpenWindowsChannel::freeze(TakeSnapshot take) {
    const std::lock_guard lock(mutex_);
    state_ = State::frozen;
    take_ = std::move(take);
    changed_.notify_all();
}

void OpenWindowsChannel::close() {
    const std::lock_guard lock(mutex_);
    state_ = State::closed;
    take_ = nullptr;
    changed_.notify_all();
}

std::optional<OpenWindowsChannel::Request> OpenWindowsChannel::pending() const {
    if (!has_pending_) return std::nullopt;
    const std::lock_guard lock(mutex_);
    return pending_;
}

void OpenWindowsChannel::reply(const Request& request, OpenWindowsSnapshot snapshot) {
    const std::lock_guard lock(mutex_);
    if (pending_ != request) return;  // its reader has stopped waiting
    snapshot_ = std::move(snapshot);
    pending_.reset();
    has_pending_ = false;
    changed_.notify_all();
}

}  // namespace millrace::gold
