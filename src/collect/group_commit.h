#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bronze/event_log.h"
#include "collect/pending_event.h"

namespace millrace::collect {

/// Appends what many requests bring together, since each append waits for the disk: a thread for each
/// partition takes all that has come meanwhile. Thread-safe.
class GroupCommit {
  public:
    struct Limits {
        std::size_t waiting_bytes = std::size_t{64} << 20U;  ///< in memory; more is refused
        std::size_t batch_bytes = std::size_t{4} << 20U;
    };
    /// Called once, from another thread: nothing when all is durable, else why not (then some of it may be).
    using Done = std::function<void(const std::string* fault)>;

    GroupCommit(bronze::EventLog& log, Limits limits);
    /// Appends what waits.
    ~GroupCommit();
    GroupCommit(const GroupCommit&) = delete;
    GroupCommit& operator=(const GroupCommit&) = delete;

    /// Takes the events of a request; false, without a call of `done`, when too much waits already.
    bool submit(std::vector<PendingEvent> events, std::int64_t time_ms, Done done);
    [[nodiscard]] std::size_t waiting_bytes() const;

  private:
    struct Request;
    struct Waiting;
    struct Partition;

    void work(int number);
    void append(int number, std::vector<Waiting>& taken);
    void take_waiting(int number, std::vector<Waiting>& taken);

    bronze::EventLog& log_;
    const Limits limits_;
    mutable std::mutex mutex_;
    std::condition_variable came_;
    std::vector<std::vector<Waiting>> waiting_;  // by partition; guarded by mutex_
    std::size_t waiting_bytes_ = 0;              // guarded by mutex_; what is being appended included
    bool ending_ = false;                        // guarded by mutex_
    std::vector<std::thread> threads_;
};

}  // namespace millrace::collect
