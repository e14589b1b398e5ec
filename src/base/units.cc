#include "base/units.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/error.h"

namespace millrace::base {

namespace {

struct Quantity {
    double value;
    std::string_view unit;
};

/// Splits "1.5h" into a number and what follows it; throws `what`'s usage error when there is no finite
/// number >= 0.
Quantity split(std::string_view text, std::string_view what, std::string_view form) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || !std::isfinite(value) || value < 0) {
        throw usage_error(fmt::format("reading the {} \"{}\"", what, text), "not a number with a unit",
                          fmt::format("Write it as {}.", form));
    }
    std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    while (unit.starts_with(' ')) unit.remove_prefix(1);
    return {value, unit};
}

template <std::size_t N>
double scaled(Quantity quantity, const std::array<std::pair<std::string_view, double>, N>& units,
              std::string_view text, std::string_view what, std::string_view form) {
    for (const auto& [unit, factor] : units) {
        if (quantity.unit != unit) continue;
        const double result = quantity.value * factor;
        if (result > 9e18) break;
        return result;
    }
    throw usage_error(fmt::format("reading the {} \"{}\"", what, text), "unknown unit or too large",
                      fmt::format("Write it as {}.", form));
}

}  // namespace

Duration parse_duration(std::string_view text) {
    constexpr std::string_view form = "a number and us, ms, s, m, h or d, such as 20s or 24h";
    static constexpr std::array<std::pair<std::string_view, double>, 7> units = {
        {{"us", 1.0}, {"ms", 1e3}, {"s", 1e6}, {"m", 60e6}, {"min", 60e6}, {"h", 3600e6}, {"d", 86400e6}}};
    const Quantity quantity = split(text, "duration", form);
    if (quantity.value == 0 && quantity.unit.empty()) return Duration::zero();
    return Duration(std::llround(scaled(quantity, units, text, "duration", form)));
}

std::int64_t parse_size(std::string_view text) {
    constexpr std::string_view form = "a number of bytes, or with KiB, MiB or GiB, such as 256MiB";
    static constexpr std::array<std::pair<std::string_view, double>, 12> units = {{{"", 1.0},
                                                                                   {"B", 1.0},
                                                                                   {"k", 1024.0},
                                                                                   {"K", 1024.0},
                                                                                   {"KiB", 1024.0},
                                                                                   {"M", 1048576.0},
                                                                                   {"MiB", 1048576.0},
                                                                                   {"MB", 1e6},
                                                                                   {"G", 1073741824.0},
                                                                                   {"GiB", 1073741824.0},
                                                                                   {"GB", 1e9},
                                                                                   {"TiB", 1099511627776.0}}};
    return std::llround(scaled(split(text, "size", form), units, text, "size", form));
}

double parse_share(std::string_view text) {
    constexpr std::string_view form = "a percentage such as 0.5%, or a number from 0 to 1";
    static constexpr std::array<std::pair<std::string_view, double>, 2> units = {{{"%", 0.01}, {"", 1.0}}};
    const double share = scaled(split(text, "share", form), units, text, "share", form);
    if (share > 1) throw usage_error(fmt::format("reading the share \"{}\"", text), "more than 100%", form);
    return share;
}

std::string format_duration(Duration duration) {
    const auto us = duration.count();
    if (us < 1000) return fmt::format("{}us", us);
    if (us < 1'000'000) return fmt::format("{}ms", us / 1000);
    const auto seconds = us / 1'000'000;
    if (seconds < 60)
        return us % 1'000'000 == 0 ? fmt::format("{}s", seconds) : fmt::format("{:.1f}s", us / 1e6);
    if (seconds < 3600) return fmt::format("{}m {:02}s", seconds / 60, seconds % 60);
    if (seconds < 86400) return fmt::format("{}h {:02}m", seconds / 3600, seconds / 60 % 60);
    return fmt::format("{}d {:02}h", seconds / 86400, seconds / 3600 % 24);
}

std::string format_size(std::int64_t bytes) {
    constexpr std::array names = {"B", "KiB", "MiB", "GiB", "TiB"};
    auto size = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (size >= 1024 && unit + 1 < names.size()) {
        size /= 1024;
        ++unit;
    }
    return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", size, names.at(unit));
}

std::string format_count(std::int64_t count) {
    std::string digits = fmt::format("{}", count < 0 ? -count : count);
    for (auto place = static_cast<std::ptrdiff_t>(digits.size()) - 3; place > 0; place -= 3) {
        digits.insert(static_cast<std::size_t>(place), ",");
    }
    return count < 0 ? "-" + digits : digits;
}

std::string format_counted(std::int64_t count, std::string_view noun) {
    return fmt::format("{} {}{}", format_count(count), noun, count == 1 ? "" : "s");
}

}  // namespace millrace::base
