#pragma once

#include <chrono>
#include <cstdint>

namespace millrace::base {

/// Returns the wall-clock time in microseconds since 1970-01-01 UTC, the unit of every timestamp column.
inline std::int64_t now_us() {
    using namespace std::chrono;
    return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

/// Returns the wall-clock time in milliseconds since 1970-01-01 UTC, the unit of a log record's timestamp.
inline std::int64_t now_ms() {
    return now_us() / 1000;
}

/// Returns the time of a monotonic clock in milliseconds. Changes of the wall clock do not affect it, so it
/// serves for durations, limits and expiry within one process.
inline std::int64_t monotonic_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

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
