#include "cli/suggestion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

namespace millrace::cli {

namespace {

constexpr std::size_t max_name_length = 64;
constexpr std::size_t min_prefix_length = 3;

/// The number of letters to insert, remove, change or swap with their neighbour to turn `a` into `b`, without
/// regard to case (the optimal string alignment distance).
std::size_t edit_distance(std::string_view a, std::string_view b) {
    const auto same = [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); };
    std::vector<std::vector<std::size_t>> steps(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) steps[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j) steps[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = steps[i - 1][j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1);
            steps[i][j] = std::min({steps[i - 1][j] + 1, steps[i][j - 1] + 1, changed});
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
                steps[i][j] = std::min(steps[i][j], steps[i - 2][j - 2] + 1);
        }
    }
    return steps[a.size()][b.size()];
}

}  // namespace

std::optional<std::string> nearest_name(std::string_view given, const std::vector<std::string>& names) {
    if (given.empty() || given.size() > max_name_length) return std::nullopt;
    if (std::ranges::find(names, given) != names.end()) return std::nullopt;
    const auto begins = [&](const std::string& name) { return name.starts_with(given); };
    if (given.size() >= min_prefix_length && std::ranges::count_if(names, begins) == 1)
        return *std::ranges::find_if(names, begins);
    std::optional<std::string> nearest;
    std::size_t limit = 1 + (given.size() + 3) / 4;  // at most one typo in four letters
    for (const std::string& name : names) {
        if (name.size() > max_name_length) continue;
        const std::size_t distance = edit_distance(given, name);
        if (distance >= limit || distance >= given.size()) continue;
        limit = distance;
        nearest = name;
    }
    return nearest;
}

std::string did_you_mean(std::string_view given, const std::vector<std::string>& names) {
    const auto nearest = nearest_name(given, names);
    return nearest ? fmt::format("; did you mean {}?", *nearest) : std::string();
}

Error has_no(std::string_view owner, std::string_view kind, std::string_view given,
             const std::vector<std::string>& names) {
    const std::string meant = did_you_mean(given, names);
    return usage_error(fmt::format("{} has no {} {}{} has: {}", owner, kind, given,
                                   meant.empty() ? "; it" : meant + " It", fmt::join(names, ", ")));
}

}  // namespace millrace::cli
