#include "collect/group_commit.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <memory>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "bronze/partitioner.h"

namespace millrace::collect {

namespace {

constexpr double long_wait_seconds = 1;

}  // namespace

/// A request whose messages are not all appended yet.
struct GroupCommit::Request {
    std::atomic<std::size_t> left;  // number of messages that are not appended yet
    base::Mutex mutex;
    std::string fault MILLRACE_GUARDED_BY(mutex);
    const RequestOrigin origin;
    const base::WallTime time;
    const Done done;

    Request(RequestOrigin from, std::size_t messages, base::WallTime arrival, Done then)
        : left(messages), origin(std::move(from)), time(arrival), done(std::move(then)) {}

    void finish(const std::string* what) {
        if (what != nullptr) {
            const base::MutexLock lock(mutex);
            fault = *what;
        }
        if (--left > 0) return;
        const base::MutexLock lock(mutex);
        done(fault.empty() ? nullptr : &fault);
    }
};

struct GroupCommit::Waiting {
    PendingMessage message;
    std::shared_ptr<Request> request;
    std::size_t bytes = 0;  ///< about how much memory it takes

    /// For small messages, the fixed costs exceed the content.
    static std::size_t bytes_of(const PendingMessage& message) {
        constexpr std::size_t allocations = 64;
        return message.key.size() + message.value.size() + sizeof(Waiting) + allocations;
    }
};

GroupCommit::GroupCommit(bronze::EventLog& log, Limits limits)
    : log_(log), limits_(limits), waiting_(static_cast<std::size_t>(log.partitions())) {
    for (int number = 0; number < log.partitions(); ++number)
        threads_.emplace_back([this, number] { work(number); });
}

GroupCommit::~GroupCommit() {
    {
        const base::MutexLock lock(mutex_);
        ending_ = true;
    }
    submitted_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

std::size_t GroupCommit::waiting_bytes() const {
    const base::MutexLock lock(mutex_);
    return waiting_bytes_;
}

bool GroupCommit::submit(RequestOrigin origin, std::vector<PendingMessage> messages, base::WallTime time,
                         Done done) {
    const auto request = std::make_shared<Request>(std::move(origin), messages.size(), time, std::move(done));
    // The first message counts what is kept for all of them.
    std::size_t kept = request->origin.shared.size();
    std::size_t bytes = kept;
    for (const PendingMessage& message : messages) bytes += Waiting::bytes_of(message);
    {
        const base::MutexLock lock(mutex_);
        if (waiting_bytes_ > 0 && waiting_bytes_ + bytes > limits_.waiting_bytes) return false;
        waiting_bytes_ += bytes;
        for (PendingMessage& message : messages) {
            const int partition = bronze::partition_of(message.key, static_cast<int>(waiting_.size()));
            const std::size_t size = Waiting::bytes_of(message) + std::exchange(kept, 0);
            waiting_[static_cast<std::size_t>(partition)].push_back({std::move(message), request, size});
        }
    }
    submitted_.notify_all();
    return true;
}

void GroupCommit::work(int number) {
    std::vector<Waiting> taken;
    while (wait_for_messages(number)) {
        take_waiting(number, taken);
        append(number, taken);
        std::size_t bytes = 0;
        for (const Waiting& waiting : taken) bytes += waiting.bytes;
        taken.clear();
        const base::MutexLock lock(mutex_);
        waiting_bytes_ -= bytes;
    }
}

/// Waits for messages of the partition. Returns false if there are none and no more come.
bool GroupCommit::wait_for_messages(int number) {
    const base::MutexLock lock(mutex_);
    const std::vector<Waiting>& queue = waiting_[static_cast<std::size_t>(number)];
    while (!ending_ && queue.empty()) submitted_.wait(mutex_);
    return !queue.empty();
}

void GroupCommit::take_waiting(int number, std::vector<Waiting>& taken) {
    const base::MutexLock lock(mutex_);
    std::vector<Waiting>& queue = waiting_[static_cast<std::size_t>(number)];
    std::ranges::move(queue, std::back_inserter(taken));
    queue.clear();
}

/// Appends the events in batches of a bounded size, and reports waiting batch to the requests of its events.
/// If the log has delayed a batch for long and then failed, all waiting events fail with it, because waiting
/// batch would have to wait as long again.
void GroupCommit::append(int number, std::vector<Waiting>& taken) {
    bronze::RecordBatchBuilder batch;
    for (std::size_t from = 0; from < taken.size();) {
        batch.clear();
        std::size_t to = from;
        std::string fault;
        const base::Stopwatch watch;
        try {
            for (; to < taken.size() && (to == from || batch.bytes() < limits_.batch_bytes); ++to) {
                const Waiting& waiting = taken[to];
                const PendingMessage& message = waiting.message;
                batch.add(message.has_key ? std::string_view(message.key) : std::string_view(), message.value,
                          waiting.request->time,
                          bronze::origin_headers(waiting.request->origin.of(message.place)));
            }
            log_.append(number, batch);
        } catch (const std::exception& error) {
            fault = error.what();
            spdlog::error("collect: {}", fault);
            const bool timed_out = watch.seconds() >= long_wait_seconds;
            if (timed_out) take_waiting(number, taken);
            to = timed_out ? taken.size() : std::max(to, from + 1);
        }
        for (; from < to; ++from) taken[from].request->finish(fault.empty() ? nullptr : &fault);
    }
}

}  // namespace millrace::collect
