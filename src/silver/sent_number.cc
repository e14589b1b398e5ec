#include "silver/sent_number.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "model/currency.h"

namespace millrace::silver {

namespace {

/// More digits than these do not fit 64 bits.
constexpr int max_digits = 19;
constexpr std::int32_t max_exponent = 100'000;

constexpr std::array<double, 23> exact_powers = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                 1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

bool is_digit_of_number(char c) {
    return static_cast<unsigned char>(c - '0') <= 9;
}

__int128 power_of_ten(int exponent) {
    __int128 power = 1;
    for (; exponent > 0; --exponent) power *= 10;
    return power;
}

/// Collects the digits of a number.
struct Digits {
    std::uint64_t value = 0;
    int count = 0;    // of the digits in `value`, without zeros at their beginning
    int dropped = 0;  // of the digits behind them
    bool rest = false;

    void add(char digit) {
        if (count == max_digits) {
            ++dropped;
            rest |= digit != '0';
            return;
        }
        value = value * 10 + static_cast<std::uint64_t>(digit - '0');
        count += value != 0 ? 1 : 0;
    }
};

/// Returns the nearest double of digits × 10^exponent.
double nearest_double(std::uint64_t digits, std::int32_t exponent) {
    constexpr std::uint64_t exact = std::uint64_t{1} << 53U;
    if (digits <= exact && exponent <= 0 && exponent >= -22)
        return static_cast<double>(digits) / exact_powers[static_cast<std::size_t>(-exponent)];
    if (digits <= exact && exponent > 0 && exponent <= 22)
        return static_cast<double>(digits) * exact_powers[static_cast<std::size_t>(exponent)];
    const std::string text = fmt::format("{}e{}", digits, exponent);
    return std::strtod(text.c_str(), nullptr);
}

/// The characters of an amount: one currency sign, blanks and the number.
struct Amount {
    std::string_view text;

    bool take_front(std::string_view part) {
        if (!text.starts_with(part)) return false;
        text.remove_prefix(part.size());
        return true;
    }
    bool take_back(std::string_view part) {
        if (!text.ends_with(part)) return false;
        text.remove_suffix(part.size());
        return true;
    }
};

// A blank, and the blanks and apostrophes that typography puts between thousands.
constexpr std::array<std::string_view, 6> group_blanks = {" ", "\u00A0", "\u2009", "\u202F", "'", "\u2019"};
// Longer signs come before those that they begin or end with.
constexpr std::array<std::string_view, 28> signs = {
    "US$", "CA$", "AU$", "A$", "C$", "R$", "NZ$", "HK$", "S$", "$", "€",  "£",  "¥",  "￥",
    "₹",   "₽",   "₩",   "₺",  "₴",  "₫",  "฿",   "₪",   "₦",  "₱", "zł", "kr", "Kč", "Ft"};

void trim_blanks(Amount& amount) {
    const auto any = [&](auto take) { return std::ranges::any_of(group_blanks, take); };
    while (any([&](std::string_view blank) { return amount.take_front(blank); })) {
    }
    while (any([&](std::string_view blank) { return amount.take_back(blank); })) {
    }
}

bool is_code(std::string_view text) {
    std::array<char, 3> code{};
    if (text.size() != code.size()) return false;
    std::ranges::transform(text, code.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return model::is_currency({code.data(), code.size()});
}

/// Removes a currency's sign or code from one end of the amount.
void trim_currency(Amount& amount) {
    for (const std::string_view sign : signs) {
        if (amount.take_front(sign) || amount.take_back(sign)) return;
    }
    if (amount.text.size() <= 3) return;
    if (is_code(amount.text.substr(0, 3))) {
        amount.text.remove_prefix(3);
    } else if (is_code(amount.text.substr(amount.text.size() - 3))) {
        amount.text.remove_suffix(3);
    }
}

/// An amount's digits and what separates them. A separator stands for its kind: '.', ',' or a blank.
struct Grouping {
    struct Separator {
        char kind;
        int digits_before;  // digits since the separator before
    };
    std::array<char, 40> digits{};
    int count = 0;
    std::array<Separator, 12> separators{};
    int separator_count = 0;
    int tail = 0;  // digits behind the last separator
};

std::optional<Grouping> group_digits(Amount amount) {
    Grouping groups;
    while (!amount.text.empty()) {
        const char c = amount.text.front();
        if (is_digit_of_number(c)) {
            if (groups.count == static_cast<int>(groups.digits.size())) return std::nullopt;
            groups.digits[static_cast<std::size_t>(groups.count++)] = c;
            ++groups.tail;
            amount.text.remove_prefix(1);
            continue;
        }
        char kind = c;
        if (c == '.' || c == ',') {
            amount.text.remove_prefix(1);
        } else {
            kind = ' ';
            const auto take = [&](std::string_view blank) { return amount.take_front(blank); };
            if (!std::ranges::any_of(group_blanks, take)) return std::nullopt;
        }
        if (groups.separator_count == static_cast<int>(groups.separators.size())) return std::nullopt;
        groups.separators[static_cast<std::size_t>(groups.separator_count++)] = {kind, groups.tail};
        groups.tail = 0;
    }
    return groups;
}

/// Returns whether the first `count` separators separate thousands: all of one kind, and three digits
/// between.
bool separate_thousands(const Grouping& groups, int count, int behind_last) {
    for (int i = 0; i < count; ++i) {
        const auto& separator = groups.separators[static_cast<std::size_t>(i)];
        if (separator.kind != groups.separators[0].kind) return false;
        if (i == 0 ? separator.digits_before < 1 || separator.digits_before > 3
                   : separator.digits_before != 3)
            return false;
    }
    return count == 0 || behind_last == 3;
}

/// Returns the number of digits behind the decimal point, or nullopt if the amount has no meaning or two.
std::optional<int> decimals_of(const Grouping& groups) {
    const int count = groups.separator_count;
    if (count == 0) return groups.count > 0 ? std::optional(0) : std::nullopt;
    const auto& last = groups.separators[static_cast<std::size_t>(count - 1)];
    const bool whole = separate_thousands(groups, count, groups.tail);
    const bool may_be_decimal = last.kind != ' ' && groups.tail > 0;
    const bool decimal = may_be_decimal && (count == 1 || groups.separators[0].kind != last.kind) &&
                         separate_thousands(groups, count - 1, last.digits_before);
    // No thousands begin with a zero, so `0.299` is clear. Several groups, or blanks, are thousands.
    const bool leading_zero = groups.digits[0] == '0' && last.digits_before > 0;
    if (decimal && (!whole || leading_zero)) return groups.tail;
    if (whole && !decimal && !leading_zero) return 0;
    return std::nullopt;
}

}  // namespace

std::optional<SentNumber> SentNumber::of_json(std::string_view text) {
    SentNumber number;
    Digits digits;
    std::size_t at = 0;
    const auto next = [&] { return at < text.size() ? text[at] : '\0'; };
    const auto run = [&] {
        const std::size_t from = at;
        for (; is_digit_of_number(next()); ++at) digits.add(text[at]);
        return at - from;
    };
    number.negative_ = next() == '-';
    at += number.negative_ ? 1 : 0;
    const bool leading_zero = next() == '0';
    const std::size_t whole = run();
    if (whole == 0 || (leading_zero && whole > 1)) return std::nullopt;
    std::int64_t exponent = 0;
    if (next() == '.') {
        ++at;
        const std::size_t decimals = run();
        if (decimals == 0) return std::nullopt;
        exponent = -static_cast<std::int64_t>(decimals);
    }
    exponent += digits.dropped;
    const bool has_exponent = next() == 'e' || next() == 'E';
    if (has_exponent) {
        ++at;
        const bool less = next() == '-';
        at += less || next() == '+' ? 1 : 0;
        std::int64_t given = 0;
        const std::size_t from = at;
        for (; is_digit_of_number(next()); ++at)
            given = std::min<std::int64_t>(given * 10 + (text[at] - '0'), max_exponent);
        if (at == from) return std::nullopt;
        exponent += less ? -given : given;
    }
    if (at != text.size()) return std::nullopt;
    number.digits_ = digits.value;
    number.rest_ = digits.rest;
    number.exponent_ =
        static_cast<std::int32_t>(std::clamp<std::int64_t>(exponent, -max_exponent, max_exponent));
    if (digits.rest) {
        number.value_ = std::abs(std::strtod(std::string(text).c_str(), nullptr));
    } else {
        number.value_ = nearest_double(number.digits_, number.exponent_);
    }
    if (number.negative_) number.value_ = -number.value_;
    if (!std::isfinite(number.value_)) return std::nullopt;
    return number;
}

std::optional<SentNumber> SentNumber::of_amount(std::string_view text) {
    constexpr std::size_t longest = 64;
    if (text.size() > longest) return std::nullopt;
    Amount amount{text};
    trim_blanks(amount);
    bool negative = amount.take_front("-") || amount.take_front("\u2212");
    if (!negative) amount.take_front("+");
    trim_currency(amount);
    trim_blanks(amount);
    if (!negative) negative = amount.take_front("-");
    if (amount.text.find_first_of("eE") != std::string_view::npos) {
        auto number = of_json(amount.text);
        if (number && negative) {
            number->negative_ = !number->negative_;
            number->value_ = -number->value_;
        }
        return number;
    }
    const auto groups = group_digits(amount);
    if (!groups) return std::nullopt;
    const auto decimals = decimals_of(*groups);
    if (!decimals) return std::nullopt;
    Digits digits;
    for (int i = 0; i < groups->count; ++i) digits.add(groups->digits[static_cast<std::size_t>(i)]);
    SentNumber number;
    number.negative_ = negative;
    number.digits_ = digits.value;
    number.rest_ = digits.rest;
    number.exponent_ = digits.dropped - *decimals;
    number.value_ = nearest_double(number.digits_, number.exponent_) * (negative ? -1 : 1);
    return number;
}

std::optional<model::Money> SentNumber::to_money() const {
    constexpr int highest = 15;
    if (digits_ == 0) return model::Money{0};
    if (std::abs(value_) > exact_powers[highest]) return std::nullopt;
    const int shift = exponent_ + model::money_scale;
    __int128 money = digits_;
    if (shift >= 0) {
        money *= power_of_ten(shift);
    } else if (shift < -2 * max_digits) {
        money = 0;
    } else {
        const __int128 divisor = power_of_ten(-shift);
        const __int128 twice = money % divisor * 2;
        money /= divisor;
        if (twice > divisor || (twice == divisor && (rest_ || money % 2 != 0))) ++money;
    }
    return negative_ ? -money : money;
}

std::optional<std::int64_t> SentNumber::to_thousandths() const {
    constexpr int highest = 9;
    if (digits_ == 0) return 0;
    if (rest_ || std::abs(value_) > exact_powers[highest]) return std::nullopt;
    const int shift = exponent_ + 3;
    __int128 number = digits_;
    if (shift >= 0) {
        number *= power_of_ten(shift);
    } else {
        if (shift < -max_digits || number % power_of_ten(-shift) != 0) return std::nullopt;
        number /= power_of_ten(-shift);
    }
    return static_cast<std::int64_t>(negative_ ? -number : number);
}

std::optional<std::int64_t> SentNumber::scaled(int power) const {
    const int shift = exponent_ + power;
    if (digits_ == 0 || shift < -max_digits) return 0;
    if (shift >= max_digits) return std::nullopt;
    auto number = static_cast<__int128>(digits_);
    if (shift >= 0) {
        number *= power_of_ten(shift);
    } else {
        number /= power_of_ten(-shift);
    }
    if (number > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
    return static_cast<std::int64_t>(negative_ ? -number : number);
}

std::optional<std::int64_t> SentNumber::to_whole() const {
    if (digits_ == 0) return 0;
    if (rest_ || std::abs(value_) >= 9.2e18 || exponent_ < -max_digits) return std::nullopt;
    auto number = static_cast<__int128>(digits_);
    if (exponent_ >= 0) {
        number *= power_of_ten(exponent_);
    } else {
        if (number % power_of_ten(-exponent_) != 0) return std::nullopt;
        number /= power_of_ten(-exponent_);
    }
    return static_cast<std::int64_t>(negative_ ? -number : number);
}

}  // namespace millrace::silver
