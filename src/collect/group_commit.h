#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "bronze/event_log.h"
#include "collect/pending_message.h"

namespace millrace::collect {

/// Appends the messages of many requests together, because each append waits for the disk. A thread for each
/// partition takes all messages that have arrived since its last append. Thread-safe.
class GroupCommit {
  public:
    struct Limits {
        /// Limit of the messages in memory; more are refused.
        std::size_t waiting_bytes = std::size_t{64} << 20U;
        std::size_t batch_bytes = std::size_t{4} << 20U;
    };
    /// Called once from another thread. `fault` is null if all messages are durable, and otherwise gives the
    /// reason why not. In that case some of the messages may be in the log.
    using Done = std::function<void(const std::string* fault)>;

    /// `log` must outlive the object.
    GroupCommit(bronze::EventLog& log, Limits limits);
    /// Appends all messages that wait.
    ~GroupCommit();
    GroupCommit(const GroupCommit&) = delete;
    GroupCommit& operator=(const GroupCommit&) = delete;

    /// Queues the messages of a request, with `origin` as headers of their records. Returns false, without a
    /// call of `done`, if too many bytes wait already.
    bool submit(RequestOrigin origin, std::vector<PendingMessage> messages, base::WallTime time, Done done);
    [[nodiscard]] std::size_t waiting_bytes() const;

  private:
    struct Request;
    struct Waiting;

    void work(int number);
    void append(int number, std::vector<Waiting>& taken);
    bool wait_for_messages(int number) MILLRACE_EXCLUDES(mutex_);
    void take_waiting(int number, std::vector<Waiting>& taken) MILLRACE_EXCLUDES(mutex_);

    bronze::EventLog& log_;
    const Limits limits_;
    mutable base::Mutex mutex_;
    base::ConditionVariable submitted_;
    // The messages that wait, one list for each partition.
    std::vector<std::vector<Waiting>> waiting_ MILLRACE_GUARDED_BY(mutex_);
    // The size of these messages and of those that are being appended.
    std::size_t waiting_bytes_ MILLRACE_GUARDED_BY(mutex_) = 0;
    bool ending_ MILLRACE_GUARDED_BY(mutex_) = false;
    std::vector<std::thread> threads_;
};

}  // namespace millrace::collect
