#pragma once

#include <cstdint>
#include <filesystem>
#include <utility>
#include <vector>

namespace millrace::gold {

/// When log time stood in for events (Alerts::tick()), and after which of silver's versions: what a
/// restart needs to come to the same alerts again. A small file, replaced with each tick.
class IdleTickLog {
  public:
    struct Tick {
        std::int64_t silver_version = 0;
        std::int64_t now_ms = 0;
    };

    /// load() or clear() comes first.
    explicit IdleTickLog(std::filesystem::path path) : path_(std::move(path)) {}

    /// Reads the file; none stands for no ticks. False, with a warning, when it is damaged: which alerts came
    /// of ticks isn't known then.
    [[nodiscard]] bool load();
    /// Those that came after a version and before the next, in order.
    [[nodiscard]] std::vector<Tick> after(std::int64_t silver_version) const;
    [[nodiscard]] std::size_t size() const { return ticks_.size(); }
    /// Keeps a tick, durably.
    void add(const Tick& tick);
    /// Forgets those before a version, which the state has.
    void forget_before(std::int64_t silver_version);
    /// Forgets all, and removes the file.
    void clear();

  private:
    void write() const;

    const std::filesystem::path path_;
    std::vector<Tick> ticks_;
};

}  // namespace millrace::gold
