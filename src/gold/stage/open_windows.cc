#include "gold/stage/open_windows.h"

#include <utility>

namespace millrace::gold {

std::optional<OpenWindowsSnapshot> OpenWindowsChannel::request(const Request& request,
                                                               std::chrono::milliseconds limit) {
    auto snapshot = wait_for_reply(request, limit);
    if (snapshot && snapshot->copied && !snapshot->copied->read(snapshot->open)) return std::nullopt;
    return snapshot;
}

std::optional<OpenWindowsSnapshot> OpenWindowsChannel::wait_for_reply(const Request& request,
                                                                      std::chrono::milliseconds limit) {
    const base::MutexLock one(requesting_);
    const base::MutexLock lock(mutex_);
    snapshot_.reset();
    if (state_ == State::open) {
        pending_ = request;
        has_pending_ = true;
        const auto end = std::chrono::steady_clock::now() + limit;
        while (!snapshot_ && state_ == State::open && changed_.wait_until(mutex_, end)) {
        }
        pending_.reset();
        has_pending_ = false;
    }
    if (!snapshot_ && state_ == State::frozen) return take_(request);
    return std::exchange(snapshot_, std::nullopt);
}

void OpenWindowsChannel::open() {
    const base::MutexLock lock(mutex_);
    state_ = State::open;
}

void OpenWindowsChannel::freeze(TakeSnapshot take) {
    const base::MutexLock lock(mutex_);
    state_ = State::frozen;
    take_ = std::move(take);
    changed_.notify_all();
}

void OpenWindowsChannel::close() {
    const base::MutexLock lock(mutex_);
    state_ = State::closed;
    take_ = nullptr;
    changed_.notify_all();
}

std::optional<OpenWindowsChannel::Request> OpenWindowsChannel::pending() const {
    if (!has_pending_) return std::nullopt;
    const base::MutexLock lock(mutex_);
    return pending_;
}

void OpenWindowsChannel::reply(const Request& request, OpenWindowsSnapshot snapshot) {
    const base::MutexLock lock(mutex_);
    if (pending_ != request) return;  // its reader has stopped waiting
    snapshot_ = std::move(snapshot);
    pending_.reset();
    has_pending_ = false;
    changed_.notify_all();
}

}  // namespace millrace::gold
