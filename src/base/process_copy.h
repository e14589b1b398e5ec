#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace millrace::base {

/// A copy of this process (fork). It has the memory as it was at the start, so that it can read large state
/// at leisure while the process goes on. The caller is stopped only while the process is copied: a few ms per
/// GiB of memory.
///
/// The copy has the thread that started it only, and ends with it. All files and sockets are closed in it
/// except one. It must take no lock that another thread may hold. Not thread-safe.
class ProcessCopy {
  public:
    /// Runs `work` in a copy. `kept` is the file descriptor that stays open; `work` gets its number there.
    /// Returns nothing when the system allows no copy at present; errno says why.
    static std::unique_ptr<ProcessCopy> start(int kept, const std::function<void(int kept)>& work);
    /// Kills the copy if it has not ended.
    ~ProcessCopy();
    ProcessCopy(const ProcessCopy&) = delete;
    ProcessCopy& operator=(const ProcessCopy&) = delete;

    /// Whether the work has ended without an exception, or nothing while it goes on.
    [[nodiscard]] std::optional<bool> result();
    /// Waits for the end of the work, and returns whether it has ended without an exception.
    bool wait();
    /// The same, but kills the copy when `limit` has passed.
    bool wait_for(std::chrono::milliseconds limit);

  private:
    explicit ProcessCopy(pid_t id) : id_(id) {}

    pid_t id_;
    std::optional<bool> result_;
};

}  // namespace millrace::base
