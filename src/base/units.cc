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

struct Unit {
    std::string_view name;
    double factor;
};

constexpr std::array<Unit, 7> duration_units = {
    {{"d", 86400e6}, {"h", 3600e6}, {"m", 60e6}, {"min", 60e6}, {"s", 1e6}, {"ms", 1e3}, {"us", 1.0}}};

struct Quantity {
    double value;
    std::string_view unit;
};

void skip_spaces(std::string_view& text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
}

/// Takes a number and its unit, such as "1.5" and "h", from the beginning of `rest`. Throws a usage Error
/// about `text` if there is no finite number >= 0.
Quantity take_quantity(std::string_view& rest, std::string_view text, std::string_view what,
                       std::string_view form) {
    double value = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    if (error != std::errc() || !std::isfinite(value) || value < 0) {
        throw usage_error(fmt::format("reading the {} \"{}\"", what, text), "not a number with a unit",
                          fmt::format("Write it as {}.", form));
    }
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    skip_spaces(rest);
    const std::string_view unit = rest.substr(0, std::min(rest.find_first_of(" 0123456789."), rest.size()));
    rest.remove_prefix(unit.size());
    skip_spaces(rest);
    return {value, unit};
}

[[noreturn]] void throw_bad_unit(std::string_view text, std::string_view what, std::string_view form) {
    throw usage_error(fmt::format("reading the {} \"{}\"", what, text), "unknown unit or too large",
                      fmt::format("Write it as {}.", form));
}

/// Returns a quantity in the unit whose factor is 1.
template <std::size_t N>
double scaled(Quantity quantity, const std::array<Unit, N>& units, std::string_view text,
              std::string_view what, std::string_view form) {
    const auto unit = std::ranges::find(units, quantity.unit, &Unit::name);
    if (unit == units.end() || quantity.value * unit->factor > 9e18) throw_bad_unit(text, what, form);
    return quantity.value * unit->factor;
}

/// Returns the value of `text`, which is one number with its unit, in the unit whose factor is 1.
template <std::size_t N>
double scaled(std::string_view text, const std::array<Unit, N>& units, std::string_view what,
              std::string_view form) {
    std::string_view rest = text;
    const Quantity quantity = take_quantity(rest, text, what, form);
    if (!rest.empty()) throw_bad_unit(text, what, form);
    return scaled(quantity, units, text, what, form);
}

/// Formats number / divisor without zeros at the end of its fraction.
std::string without_zeros(std::int64_t number, std::int64_t divisor, int digits) {
    std::string text = fmt::format("{}.{:0{}}", number / divisor, number % divisor, digits);
    while (text.ends_with('0')) text.pop_back();
    if (text.ends_with('.')) text.pop_back();
    return text;
}

}  // namespace

Duration parse_duration(std::string_view text) {
    constexpr std::string_view form = "a number and us, ms, s, m, h or d, such as 20s, 24h or 1h30m";
    std::string_view rest = text;
    // The unit of the previous number. Each unit must be smaller than the one before it.
    double unit = std::numeric_limits<double>::infinity();
    std::int64_t us = 0;
    do {
        const Quantity quantity = take_quantity(rest, text, "duration", form);
        if (quantity.value == 0 && quantity.unit.empty() && rest.empty() && us == 0) return Duration::zero();
        const double part = scaled(quantity, duration_units, text, "duration", form);
        const double factor = std::ranges::find(duration_units, quantity.unit, &Unit::name)->factor;
        if (factor >= unit || static_cast<double>(us) + part > 9e18) throw_bad_unit(text, "duration", form);
        unit = factor;
        us += std::llround(part);
    } while (!rest.empty());
    return Duration(us);
}

std::int64_t parse_size(std::string_view text) {
    constexpr std::string_view form = "a number of bytes, or with KiB, MiB or GiB, such as 256MiB";
    static constexpr std::array<Unit, 12> units = {{{"", 1.0},
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
    return std::llround(scaled(text, units, "size", form));
}

double parse_share(std::string_view text) {
    constexpr std::string_view form = "a percentage such as 0.5%, or a number from 0 to 1";
    std::string_view rest = text;
    const auto [number, unit] = take_quantity(rest, text, "share", form);
    if (!rest.empty() || (unit != "%" && !unit.empty())) throw_bad_unit(text, "share", form);
    // Dividing gives the double that is nearest to the share. Multiplying by 0.01 does not, as 0.01 is
    // inexact.
    const double share = unit.empty() ? number : number / 100;
    if (share > 1) throw usage_error(fmt::format("reading the share \"{}\"", text), "more than 100%", form);
    return share;
}

std::string format_duration(Duration duration) {
    constexpr std::array<std::pair<char, std::int64_t>, 3> long_units = {
        {{'d', 86'400'000'000}, {'h', 3'600'000'000}, {'m', 60'000'000}}};
    std::int64_t left = duration.count();
    if (left == 0) return "0s";
    std::string text;
    for (const auto& [unit, us] : long_units) {
        if (left >= us) text += fmt::format("{}{}", left / us, unit);
        left %= us;
    }
    if (left >= 1'000'000) return text + without_zeros(left, 1'000'000, 6) + 's';
    if (left >= 1000) return text + without_zeros(left, 1000, 3) + "ms";
    return left == 0 ? text : text + fmt::format("{}us", left);
}

std::string format_size(std::int64_t bytes) {
    constexpr std::array names = {"B", "KiB", "MiB", "GiB", "TiB"};
    auto size = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (size >= 1023.95 && unit + 1 < names.size()) {  // 1023.95 would be rounded to 1024.0
        size /= 1024;
        ++unit;
    }
    return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", size, names.at(unit));
}

std::string exact_size(std::int64_t bytes) {
    constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> units = {
        {{"TiB", 1LL << 40}, {"GiB", 1LL << 30}, {"MiB", 1LL << 20}, {"KiB", 1LL << 10}}};
    for (const auto& [unit, factor] : units) {
        if (bytes != 0 && bytes % factor == 0) return fmt::format("{}{}", bytes / factor, unit);
    }
    return fmt::format("{}", bytes);
}

std::string format_share(double share) {
    constexpr int max_decimals = 15;
    for (int decimals = 0; decimals <= max_decimals; ++decimals) {
        std::string text = fmt::format("{:.{}f}%", share * 100, decimals);
        if (parse_share(text) == share) return text;
    }
    return fmt::format("{}", share);
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
