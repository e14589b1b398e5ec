#include "base/task.h"

namespace millrace::base {

Task::~Task() {
    request_stop();
    if (thread_.joinable()) thread_.join();
}

void Task::start(Work work) {
    thread_ = std::thread([this, work = std::move(work)] {
        try {
            work(stop_);
        } catch (...) {
            failure_ = std::current_exception();
        }
        done_ = true;
    });
}

void Task::finish() {
    if (thread_.joinable()) thread_.join();
    if (failure_) std::rethrow_exception(failure_);
}

}  // namespace millrace::base
