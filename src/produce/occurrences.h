#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <unordered_map>

#include "model/timestamp.h"

namespace millrace::produce {

/// Counts how many equal lines come before each line of a file. Equal lines have the same time. While the
/// times in a file only rise, only the lines of the latest time are kept in memory. When a time falls, the
/// lines before it are read again and all of them are kept, with about 16 bytes for each.
class Occurrences {
  public:
    explicit Occurrences(std::filesystem::path file) : file_(std::move(file)) {}

    /// Returns how often `line`, whose event has the time `time`, came before. `line_number` is the line's
    /// number in the file, starting at 1.
    std::int64_t count(model::Timestamp time, std::string_view line, std::int64_t line_number);

  private:
    void read_lines_before(std::int64_t line_number);

    std::filesystem::path file_;
    std::unordered_map<std::uint64_t, std::uint32_t> counts_;  // by the line's hash
    model::Timestamp latest_;
    bool rising_ = true;
};

}  // namespace millrace::produce
