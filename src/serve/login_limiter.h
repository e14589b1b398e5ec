#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/mutex.h"

namespace millrace::serve {

/// Limits how often secrets can be guessed, and the cost of hashing them: ten wrong secrets per minute for
/// one name from one address, and five hashes per second for all names that do not exist. So a guesser
/// neither locks out other users nor delays them. Remembers at most 10,000 pairs of address and name, the
/// latest ones. Thread-safe.
class LoginLimiter {
  public:
    /// Returns whether a secret may be checked now. If not, it counts as wrong.
    [[nodiscard]] bool may_check(std::string_view address, std::string_view name, bool is_known,
                                 base::SteadyTime now);
    /// Records a wrong secret.
    void record_wrong(std::string_view address, std::string_view name, base::SteadyTime now);

  private:
    using Times = std::deque<base::SteadyTime>;  // times of wrong secrets, the oldest first; never empty

    void forget_old(base::SteadyTime now) MILLRACE_REQUIRES(mutex_);

    base::Mutex mutex_;
    // The times of wrong secrets, by address and name.
    std::map<std::string, Times, std::less<>> wrong_ MILLRACE_GUARDED_BY(mutex_);
    // Times at which secrets of unknown names were hashed.
    Times unknown_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::serve
