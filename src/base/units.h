#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::base {

using Duration = std::chrono::microseconds;

/// Parses a duration such as "20s", "250ms", "1.5h", "7d", "1h30m", or a bare "0". Throws a usage Error that
/// shows the form.
Duration parse_duration(std::string_view text);
/// Parses a size in bytes such as "1GiB", "256MiB", "64k" or "1000". Throws a usage Error that shows the
/// form.
std::int64_t parse_size(std::string_view text);
/// Parses a share from 0 to 1, such as "0.5%" or "0.005". Throws a usage Error that shows the form.
double parse_share(std::string_view text);

/// Formats a duration, which must not be negative, exactly as parse_duration() reads it: "1h2m", "1.5s",
/// "0s".
std::string format_duration(Duration duration);
/// Formats a size for people: "1.5 GiB", "300 B". parse_size() reads the text as the rounded size.
std::string format_size(std::int64_t bytes);
/// Formats a size exactly as parse_size() reads it: "256MiB", "1000", "0".
std::string exact_size(std::int64_t bytes);
/// Formats a share exactly as parse_share() reads it: "0.5%".
std::string format_share(double share);
/// Formats a count for people: "1,234,567".
std::string format_count(std::int64_t count);
/// Formats a count with its noun for people: "1 row", "2,000 rows". `noun` is a singular whose plural adds an
/// s.
std::string format_counted(std::int64_t count, std::string_view noun);

}  // namespace millrace::base
