#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <unordered_map>

namespace millrace::produce {

/// Counts how many equal lines of a file came before each one. Equal lines have the same time, so that while
/// a file's times only rise, just the lines of the latest time are held. When a time falls, the lines before
/// are read again to be held all, 16 bytes or so each.
class Occurrences {
  public:
    explicit Occurrences(std::filesystem::path file) : file_(std::move(file)) {}

    /// How often `line`, whose event has `time_us`, came before. `line_number` counts the file's lines
    /// from 1.
    std::int64_t count(std::string_view line, std::int64_t time_us, std::int64_t line_number);

  private:
    void read_lines_before(std::int64_t line_number);

    std::filesystem::path file_;
    std::unordered_map<std::uint64_t, std::uint32_t> counts_;  // by the line's hash
    std::int64_t latest_us_ = 0;
    bool rising_ = true;
};

}  // namespace millrace::produce
