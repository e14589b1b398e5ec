#pragma once

#include <cstdint>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "storage/version.h"

namespace millrace::gold {

/// The times at which alert rules were evaluated without events (Alerts::tick()), and the versions of Silver
/// after which they were. A restart repeats the ticks, so that it comes to the same alerts. The log is a
/// small file that is replaced with each tick. Not thread-safe.
class IdleTickLog {
  public:
    struct Tick {
        storage::Version silver_version{0};
        base::WallTime now;
    };

    /// The caller calls load() or clear() first.
    explicit IdleTickLog(std::filesystem::path path) : path_(std::move(path)) {}

    /// Reads the file; there are no ticks when it is missing. False, with a warning, when it is damaged: then
    /// nobody knows which alerts followed from ticks.
    [[nodiscard]] bool load();
    /// The ticks between a version and the next one, in order.
    [[nodiscard]] std::vector<Tick> after(storage::Version silver_version) const;
    [[nodiscard]] std::size_t size() const { return ticks_.size(); }
    /// Adds a tick, durably.
    void add(const Tick& tick);
    /// Removes the ticks of earlier versions, which are in the saved state.
    void forget_before(storage::Version silver_version);
    /// Removes all ticks, and the file.
    void clear();

  private:
    void write() const;

    const std::filesystem::path path_;
    std::vector<Tick> ticks_;
};

}  // namespace millrace::gold
