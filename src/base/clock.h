#pragma once

#include <chrono>
#include <cstdint>

namespace millrace::base {

/// Returns the wall-clock time to the microsecond, which is the unit of every timestamp column.
inline std::chrono::sys_time<std::chrono::microseconds> now() {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

/// A time of the wall clock to the millisecond, as the log's records and Delta's actions have it.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

/// Returns the time of a number of milliseconds since 1970-01-01 UTC, as files and messages hold it.
constexpr WallTime from_ms(std::int64_t ms) {
    return WallTime(std::chrono::milliseconds(ms));
}
/// Returns the milliseconds since 1970-01-01 UTC.
constexpr std::int64_t to_ms(WallTime time) {
    return time.time_since_epoch().count();
}

inline WallTime wall_time() {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(now());
}

/// A time of the monotonic clock. Changes of the wall clock do not affect it, so it serves for durations,
/// limits and expiry within one process.
using SteadyTime = std::chrono::steady_clock::time_point;

/// Measures elapsed time in seconds. Changes of the wall clock do not affect it.
class Stopwatch {
  public:
    [[nodiscard]] double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    }
    /// Returns the seconds since the start or the last lap, and starts the next lap.
    double lap() {
        const auto now = std::chrono::steady_clock::now();
        const double elapsed = std::chrono::duration<double>(now - start_).count();
        start_ = now;
        return elapsed;
    }

  private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace millrace::base
