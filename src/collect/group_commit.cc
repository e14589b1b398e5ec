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

/// A request whose events are not all appended yet.
struct GroupCommit::Request {
    std::atomic<std::size_t> left;  // number of events that are not appended yet
    base::Mutex mutex;
    std::string fault MILLRACE_GUARDED_BY(mutex);
    base::WallTime time;
    Done done;

    Request(std::size_t events, base::WallTime arrival, Done then)
        : left(events), time(arrival), done(std::move(then)) {}

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
    PendingEvent event;
    std::shared_ptr<Request> request;

    /// Returns about how much memory the event takes. For small events, the fixed costs exceed the content.
    static std::size_t bytes(const PendingEvent& event) {
        constexpr std::size_t allocations = 64;
        return event.key.size() + event.value.size() + sizeof(Waiting) + allocations;
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

bool GroupCommit::submit(std::vector<PendingEvent> events, base::WallTime time, Done done) {
    const auto request = std::make_shared<Request>(events.size(), time, std::move(done));
    std::size_t bytes = 0;
    for (const PendingEvent& event : events) bytes += Waiting::bytes(event);
    {
        const base::MutexLock lock(mutex_);
        if (waiting_bytes_ > 0 && waiting_bytes_ + bytes > limits_.waiting_bytes) return false;
        waiting_bytes_ += bytes;
        for (PendingEvent& event : events) {
            const int partition = bronze::partition_of(event.key, static_cast<int>(waiting_.size()));
            waiting_[static_cast<std::size_t>(partition)].push_back({std::move(event), request});
        }
    }
    submitted_.notify_all();
    return true;
}

void GroupCommit::work(int number) {
    std::vector<Waiting> taken;
    while (wait_for_events(number)) {
        take_waiting(number, taken);
        append(number, taken);
        std::size_t bytes = 0;
        for (const Waiting& waiting : taken) bytes += Waiting::bytes(waiting.event);
        taken.clear();
        const base::MutexLock lock(mutex_);
        waiting_bytes_ -= bytes;
    }
}

/// Waits for events of the partition. Returns false if there are none and no more come.
bool GroupCommit::wait_for_events(int number) {
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
                batch.add(waiting.event.has_key ? std::string_view(waiting.event.key) : std::string_view(),
                          waiting.event.value, waiting.request->time);
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
