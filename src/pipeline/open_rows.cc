#include "pipeline/open_rows.h"

#include <utility>

namespace millrace::pipeline {

std::optional<GoldLook> OpenRows::ask(const Request& request, std::chrono::milliseconds limit) {
    const std::lock_guard one(asking_);
    std::unique_lock lock(mutex_);
    look_.reset();
    if (!attended_) return std::nullopt;
    wanted_ = request;
    any_ = true;
    given_.wait_for(lock, limit, [this] { return look_.has_value() || !attended_; });
    wanted_.reset();
    any_ = false;
    return std::exchange(look_, std::nullopt);
}

void OpenRows::attend(bool answers) {
    const std::lock_guard lock(mutex_);
    attended_ = answers;
    given_.notify_all();
}

std::optional<OpenRows::Request> OpenRows::wanted() const {
    if (!any_) return std::nullopt;
    const std::lock_guard lock(mutex_);
    return wanted_;
}

void OpenRows::give(const Request& request, GoldLook look) {
    const std::lock_guard lock(mutex_);
    if (wanted_ != request) return;  // who asked for it has waited long enough
    look_ = std::move(look);
    wanted_.reset();
    any_ = false;
    given_.notify_all();
}

}  // namespace millrace::pipeline
