#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/units.h"
#include "bronze/record.h"
#include "model/timestamp.h"

/// Options whose values are checked. An invalid value is an error that names the option and what its value
/// must be (usage.h). The help shows each default in a form that can be typed.
namespace millrace::cli {

/// Rejects texts that `accepts` does not accept, with "must be EXPECTED, not TEXT".
CLI::Validator must_be(const std::string& expected, const std::function<bool(const std::string&)>& accepts);

/// Accepts a whole number from `min` to `max`.
CLI::Validator must_be_number(std::int64_t min, std::int64_t max);

/// Accepts one of these names. Help, completions and manual pages get them from choices_of().
CLI::Validator must_be_one_of(const std::vector<std::string>& names);

/// The names that an option accepts; empty if it accepts other values.
std::vector<std::string> choices_of(const CLI::Option& option);

template <typename T>
inline constexpr bool is_optional = false;
template <typename T>
inline constexpr bool is_optional<std::optional<T>> = true;

/// Adds an option. The help shows its default, except for optional values and paths, which have none.
template <typename T>
CLI::Option* add_value(CLI::App& command, const std::string& name, T& into, const std::string& type,
                       const std::string& help) {
    CLI::Option* option = command.add_option(name, into, help)->type_name(type);
    if constexpr (!is_optional<T> && !std::is_same_v<T, std::filesystem::path>) option->capture_default_str();
    return option;
}

/// Adds an option for a whole number from `min` to `max`. `Number` may be a std::optional.
template <typename Number>
CLI::Option* add_number(CLI::App& command, const std::string& name, Number& into, std::int64_t min,
                        std::int64_t max, const std::string& help) {
    return add_value(command, name, into, "NUMBER", help)->check(must_be_number(min, max));
}

/// Adds an option for an offset of the log.
CLI::Option* add_offset(CLI::App& command, const std::string& name, std::optional<bronze::Offset>& into,
                        const std::string& help);

/// Adds an option that accepts one of `names`.
CLI::Option* add_choice(CLI::App& command, const std::string& name, std::string& into,
                        const std::vector<std::string>& names, const std::string& help);
CLI::Option* add_choice(CLI::App& command, const std::string& name, std::optional<std::string>& into,
                        const std::vector<std::string>& names, const std::string& help);

/// Adds an option that can be repeated, with one value each time: `--set a=1 --set b=2`.
CLI::Option* add_values(CLI::App& command, const std::string& name, std::vector<std::string>& into,
                        const std::string& type, const std::string& help);

CLI::Option* add_duration(CLI::App& command, const std::string& name, base::Duration& into,
                          const std::string& help);
CLI::Option* add_duration(CLI::App& command, const std::string& name, std::optional<base::Duration>& into,
                          const std::string& help);
CLI::Option* add_size(CLI::App& command, const std::string& name, std::int64_t& into,
                      const std::string& help);
CLI::Option* add_share(CLI::App& command, const std::string& name, double& into, const std::string& help);
CLI::Option* add_share(CLI::App& command, const std::string& name, std::optional<double>& into,
                       const std::string& help);
CLI::Option* add_time(CLI::App& command, const std::string& name, std::optional<model::Timestamp>& into,
                      const std::string& help);

}  // namespace millrace::cli
