#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "produce/file_format.h"
#include "produce/line_reader.h"

namespace millrace::produce {

/// Reads the messages of a file: the lines of a CSV file or of JSON lines, the elements of a JSON array, or
/// JSON objects that have several lines each. Not thread-safe.
class MessageReader {
  public:
    /// Reads the header of a CSV file. Throws a usage Error if it is not that of the format, and an Error if
    /// the file cannot be read.
    MessageReader(const std::filesystem::path& file, FileFormat format);

    /// Reads the next message, which is followed by bronze::record_padding readable bytes and lives until the
    /// next call. Returns false at the end of the file.
    bool next(std::string_view& message);

    /// The header line of a CSV file, or an empty view.
    [[nodiscard]] const std::string& header() const { return header_; }
    /// The line in which the last message ends.
    [[nodiscard]] std::int64_t line_number() const { return lines_.line_number(); }
    [[nodiscard]] std::int64_t bytes_read() const { return lines_.bytes_read(); }
    [[nodiscard]] std::int64_t bytes_in_all() const { return lines_.bytes_in_all(); }

  private:
    /// Where the reader is within a JSON value that has several lines.
    struct Nesting {
        std::size_t depth = 0;
        bool in_string = false;
        bool escaped = false;
    };

    bool next_line(std::string_view& line);
    bool next_value(std::string_view& value);
    bool has_values(const std::filesystem::path& file);
    std::size_t end_of_value(std::size_t from);

    LineReader lines_;
    std::string header_;
    bool reads_values_ = false;
    std::string text_;    // lines with values, with padding behind while a value is given out
    std::size_t at_ = 0;  // where the next value begins in text_
    Nesting nesting_;
};

}  // namespace millrace::produce
