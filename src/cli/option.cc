#include "cli/option.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "cli/suggestion.h"

namespace millrace::cli {

namespace {

constexpr std::size_t max_phrase_names = 3;  // a longer list reads "one of a, b, c, d"

/// Whether `parse` accepts a text.
template <typename Parse>
bool is_accepted(Parse parse, const std::string& text) {
    try {
        parse(text);
        return true;
    } catch (const Error&) {
        return false;
    }
}

/// Adds an option whose text `parse` converts to a value.
template <typename Into, typename Parse>
CLI::Option* add_parsed(CLI::App& command, const std::string& name, Into& into, Parse parse, const char* type,
                        const char* expected, const std::string& help) {
    return command
        .add_option_function<std::string>(
            name, [&into, parse](const std::string& text) { into = parse(text); }, help)
        ->type_name(type)
        ->check(must_be(expected, [parse](const std::string& text) { return is_accepted(parse, text); }));
}

template <typename Into>
CLI::Option* add_any_duration(CLI::App& command, const std::string& name, Into& into,
                              const std::string& help) {
    return add_parsed(command, name, into, base::parse_duration, "DURATION",
                      "a duration such as 20s, 24h or 1h30m", help);
}

template <typename Into>
CLI::Option* add_any_share(CLI::App& command, const std::string& name, Into& into, const std::string& help) {
    return add_parsed(command, name, into, base::parse_share, "SHARE",
                      "a share such as 0.5% or 0.005, at most 1", help);
}

template <typename Into>
CLI::Option* add_any_choice(CLI::App& command, const std::string& name, Into& into,
                            const std::vector<std::string>& names, const std::string& help) {
    return add_value(command, name, into, "", help)->check(must_be_one_of(names));
}

std::string phrase(const std::vector<std::string>& names) {
    if (names.size() > max_phrase_names) return fmt::format("one of {}", fmt::join(names, ", "));
    if (names.size() == 1) return names.front();
    return fmt::format("{} or {}", fmt::join(names.begin(), names.end() - 1, ", "), names.back());
}

}  // namespace

CLI::Validator must_be(const std::string& expected, const std::function<bool(const std::string&)>& accepts) {
    return CLI::Validator(
        [expected, accepts](const std::string& text) {
            return accepts(text) ? std::string() : fmt::format("must be {}, not {}", expected, text);
        },
        "");
}

CLI::Validator must_be_number(std::int64_t min, std::int64_t max) {
    const std::string expected = max == std::numeric_limits<std::int64_t>::max()
                                     ? fmt::format("a whole number of {} or more", min)
                                     : fmt::format("a number from {} to {}", min, max);
    return must_be(expected, [min, max](const std::string& text) {
        std::int64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        return error == std::errc() && end == text.data() + text.size() && value >= min && value <= max;
    });
}

CLI::Validator must_be_one_of(const std::vector<std::string>& names) {
    return CLI::Validator(
        [names](const std::string& text) {
            if (std::ranges::find(names, text) != names.end()) return std::string();
            return fmt::format("must be {}, not {}{}", phrase(names), text, did_you_mean(text, names));
        },
        fmt::format("{}", fmt::join(names, "|")));
}

std::vector<std::string> choices_of(const CLI::Option& option) {
    // CLI11 adds the description of a validator to the name of the type, after a colon. Only a list of
    // choices contains a bar.
    const std::string type = option.get_type_name();
    const auto colon = type.rfind(':');
    if (colon == std::string::npos || type.find('|', colon) == std::string::npos) return {};
    return CLI::detail::split(type.substr(colon + 1), '|');
}

CLI::Option* add_offset(CLI::App& command, const std::string& name, std::optional<bronze::Offset>& into,
                        const std::string& help) {
    const auto set = [&into](std::int64_t offset) { into = bronze::Offset(offset); };
    return command.add_option_function<std::int64_t>(name, set, help)
        ->type_name("NUMBER")
        ->check(must_be_number(0, std::numeric_limits<std::int64_t>::max()));
}

CLI::Option* add_choice(CLI::App& command, const std::string& name, std::string& into,
                        const std::vector<std::string>& names, const std::string& help) {
    return add_any_choice(command, name, into, names, help);
}

CLI::Option* add_choice(CLI::App& command, const std::string& name, std::optional<std::string>& into,
                        const std::vector<std::string>& names, const std::string& help) {
    return add_any_choice(command, name, into, names, help);
}

CLI::Option* add_values(CLI::App& command, const std::string& name, std::vector<std::string>& into,
                        const std::string& type, const std::string& help) {
    return command.add_option(name, into, help)->type_name(type)->allow_extra_args(false);
}

CLI::Option* add_duration(CLI::App& command, const std::string& name, base::Duration& into,
                          const std::string& help) {
    return add_any_duration(command, name, into, help)->default_str(base::format_duration(into));
}

CLI::Option* add_duration(CLI::App& command, const std::string& name, std::optional<base::Duration>& into,
                          const std::string& help) {
    return add_any_duration(command, name, into, help);
}

CLI::Option* add_size(CLI::App& command, const std::string& name, std::int64_t& into,
                      const std::string& help) {
    return add_parsed(command, name, into, base::parse_size, "SIZE", "a size such as 64MiB or 1GiB", help)
        ->default_str(base::exact_size(into));
}

CLI::Option* add_share(CLI::App& command, const std::string& name, double& into, const std::string& help) {
    return add_any_share(command, name, into, help)->default_str(base::format_share(into));
}

CLI::Option* add_share(CLI::App& command, const std::string& name, std::optional<double>& into,
                       const std::string& help) {
    return add_any_share(command, name, into, help);
}

CLI::Option* add_time(CLI::App& command, const std::string& name, std::optional<model::Timestamp>& into,
                      const std::string& help) {
    const auto parse = [](const std::string& text) {
        const auto time = model::parse_timestamp(text);
        if (!time) throw usage_error(fmt::format("{} is not a time", text));
        return *time;
    };
    return add_parsed(command, name, into, parse, "TIME", "a time such as 2019-10-01T00:00:00Z", help);
}

}  // namespace millrace::cli
