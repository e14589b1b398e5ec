#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::base {

using Duration = std::chrono::microseconds;

/// A duration such as "20s", "250ms", "1.5h", "7d", "1h30m", or a bare "0". Throws a usage Error that shows
/// the form.
Duration parse_duration(std::string_view text);
/// A size in bytes such as "1GiB", "256MiB", "64k", "1000". Throws a usage Error that shows the form.
std::int64_t parse_size(std::string_view text);
/// A share such as "0.5%" or "0.005", from 0 to 1. Throws a usage Error that shows the form.
double parse_share(std::string_view text);

/// "1h2m", "20s", "1.5s", "250ms", "0s": exactly as parse_duration() reads it. Not negative.
std::string format_duration(Duration duration);
/// "1.5 GiB", "300 B": for people. parse_size() reads it as the rounded size that it tells.
std::string format_size(std::int64_t bytes);
/// "256MiB", "1000", "0": exactly as parse_size() reads it.
std::string exact_size(std::int64_t bytes);
/// "0.5%": exactly as parse_share() reads it.
std::string format_share(double share);
/// "1,234,567": for people.
std::string format_count(std::int64_t count);
/// "1 row", "2,000 rows": for people. `noun` is the singular; the plural has an s.
std::string format_counted(std::int64_t count, std::string_view noun);

}  // namespace millrace::base
