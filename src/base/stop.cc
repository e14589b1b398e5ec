#include "base/stop.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace millrace::base {

void StopSignal::request() {
    {
        const MutexLock lock(mutex_);
        requested_ = true;
    }
    changed_.notify_all();
}

bool StopSignal::requested() const {
    const MutexLock lock(mutex_);
    return requested_;
}

bool StopSignal::wait_for(std::chrono::microseconds limit) const {
    const auto end = std::chrono::steady_clock::now() + limit;
    const MutexLock lock(mutex_);
    while (!requested_ && changed_.wait_until(mutex_, end)) {
    }
    return requested_;
}

/// One thread waits for the blocked signals, so that no code runs in a signal handler.
struct SignalGuard::State {
    sigset_t signals{};
    sigset_t before{};
    std::atomic<bool> ending = false;
    std::thread waiter;
};

SignalGuard::SignalGuard(StopSignal& stop) : state_(new State) {
    sigemptyset(&state_->signals);
    sigaddset(&state_->signals, SIGINT);
    sigaddset(&state_->signals, SIGTERM);
    sigaddset(&state_->signals, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &state_->signals, &state_->before);
    state_->waiter = std::thread([state = state_, &stop] {
        for (int signal = 0; sigwait(&state->signals, &signal) == 0;) {
            if (state->ending) return;
            if (signal == SIGUSR2) continue;
            if (stop.requested()) ::_exit(128 + signal);
            stop.request();
        }
    });
}

SignalGuard::~SignalGuard() {
    state_->ending = true;
    pthread_kill(state_->waiter.native_handle(), SIGUSR2);
    state_->waiter.join();
    pthread_sigmask(SIG_SETMASK, &state_->before, nullptr);
    delete state_;
}

}  // namespace millrace::base
