#include "publish/retry_loop.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/log.h"

namespace millrace::publish {

RetryLoop::RetryLoop(std::string name, Pauses pauses, Work work)
    : name_(std::move(name)), pauses_(pauses), work_(std::move(work)) {
    thread_ = std::thread([this] {
        run();
        ended_.request();
    });
}

RetryLoop::~RetryLoop() {
    stop_.request();
    finish_.request();
    thread_.join();
}

void RetryLoop::drain() {
    finish_.request();
}

bool RetryLoop::wait_until(std::chrono::steady_clock::time_point deadline) {
    const auto left = deadline - std::chrono::steady_clock::now();
    return ended_.wait_for(
        std::max(std::chrono::duration_cast<std::chrono::milliseconds>(left), std::chrono::milliseconds(0)));
}

void RetryLoop::run() {
    auto pause = pauses_.poll_interval;
    bool failing = false;
    while (!stop_.requested()) {
        const bool last = finish_.requested();
        try {
            work_(stop_);
            if (std::exchange(failing, false)) spdlog::info("{}: works again", name_);
            if (last) return;
            pause = pauses_.poll_interval;
            finish_.wait_for(pauses_.poll_interval);
        } catch (const std::exception& error) {
            const auto* fault = dynamic_cast<const Error*>(&error);
            if (fault != nullptr && fault->kind() == Error::Kind::usage) {
                spdlog::error("{} ({}: given up until the next start)", error.what(), name_);
                return;
            }
            if (!std::exchange(failing, true)) spdlog::warn("{}; trying again", error.what());
            stop_.wait_for(last ? pauses_.poll_interval : pause);
            pause = std::min(pause * 2, pauses_.max_pause);
        }
    }
}

}  // namespace millrace::publish
