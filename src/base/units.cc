#include "base/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
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
    constexpr std::string_view form = "a number and us, ms, s, m, h or d, such as 20s, 24h or 1h 30m";
    static constexpr std::array<std::pair<std::string_view, double>, 7> units = {
        {{"us", 1.0}, {"ms", 1e3}, {"s", 1e6}, {"m", 60e6}, {"min", 60e6}, {"h", 3600e6}, {"d", 86400e6}}};
    if (text == "0") return Duration::zero();
    Duration sum{0};
    double last_unit = std::numeric_limits<double>::infinity();
    std::string_view rest = text;
    do {  // part by part, the largest unit first; "20 s" is one part
        const auto number = std::min(rest.find_first_not_of("0123456789.eE+-"), rest.size());
        const auto unit = std::min(rest.find_first_not_of(' ', number), rest.size());
        const auto end = std::min(rest.find_first_of(" 0123456789", unit), rest.size());
        const Quantity quantity = split(rest.substr(0, end), "duration", form);
        const double unit_us = scaled({1, quantity.unit}, units, text, "duration", form);
        sum += Duration(std::llround(scaled(quantity, units, text, "duration", form)));
        if (unit_us >= last_unit || (end < rest.size() && rest[end] != ' '))
            throw usage_error(fmt::format("reading the duration \"{}\"", text), "its parts are in no order",
                              fmt::format("Write it as {}.", form));
        last_unit = unit_us;
        rest.remove_prefix(std::min(rest.find_first_not_of(' ', end), rest.size()));
    } while (!rest.empty());
    return sum;
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
    constexpr std::array<std::pair<std::int64_t, const char*>, 6> units = {{{86'400'000'000, "d"},
                                                                            {3'600'000'000, "h"},
                                                                            {60'000'000, "m"},
                                                                            {1'000'000, "s"},
                                                                            {1000, "ms"},
                                                                            {1, "us"}}};
    std::string text;
    std::int64_t left = duration.count();
    int parts = 0;
    for (const auto& [size, unit] : units) {
        if (left < size && parts == 0) continue;
        if (parts == 2) break;  // the rest is of no matter beside these
        if (left >= size) text += fmt::format("{}{}{}", text.empty() ? "" : " ", left / size, unit);
        left %= size;
        ++parts;
    }
    return text.empty() ? "0s" : text;
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
