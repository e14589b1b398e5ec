#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/command_line.h"
#include "cli/usage.h"

namespace millrace::cli {

/// Parses a command line and returns the message of its usage error, or an empty string if it is valid.
/// Passes the parsed program of a valid command line to `on_success`.
inline std::string parse_error_of(
    std::vector<std::string> words,
    const std::function<void(const CLI::App& program)>& on_success = [](const CLI::App&) {}) {
    Globals globals;
    const auto program = make_command_line(globals);
    std::ranges::reverse(words);  // the order that CLI11 expects
    try {
        program->parse(std::move(words));
    } catch (const CLI::ParseError& error) {
        const Error translated = usage_error_of(*program, error);
        EXPECT_EQ(translated.exit_code(), 2);
        return translated.what();
    } catch (const Error& error) {
        EXPECT_EQ(error.exit_code(), 2);
        return error.what();
    }
    on_success(*program);
    return "";
}

}  // namespace millrace::cli
