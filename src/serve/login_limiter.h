#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace millrace::serve {

/// Bounds how often secrets are guessed, and how much hashing that costs: ten wrong ones a minute of one
/// address for one name, and five hashes a second for all names that don't exist. Someone who guesses so
/// neither locks out others nor takes their place in a queue. Times are those of base::monotonic_ms().
/// Remembers at most 10,000 pairs of address and name, the latest. Thread-safe.
class LoginLimiter {
  public:
    /// Whether a secret may be checked now. Without that it counts as wrong.
    [[nodiscard]] bool may_check(std::string_view address, std::string_view name, bool is_known,
                                 std::int64_t now_ms);
    /// It was wrong.
    void note_wrong(std::string_view address, std::string_view name, std::int64_t now_ms);

  private:
    using Times = std::deque<std::int64_t>;  // of wrong ones, the oldest first; never empty

    void forget_old(std::int64_t now_ms);

    std::mutex mutex_;
    std::map<std::string, Times, std::less<>> wrong_;  // guarded by mutex_; by address and name
    Times unknown_;                                    // likewise; when unknown names were hashed
};

}  // namespace millrace::serve
