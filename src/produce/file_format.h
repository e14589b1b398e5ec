#pragma once

#include <filesystem>
#include <span>
#include <string_view>

namespace millrace::produce {

/// The format of the messages in a file.
enum class FileFormat { events, segment, ga4, rees46, retailrocket };

/// Parses the name of a format. Throws a usage Error that lists the formats.
FileFormat parse_file_format(std::string_view name);
std::string_view file_format_name(FileFormat format);
/// Returns the name of the format in a record's header and in silver's column `format`.
std::string_view record_format(FileFormat format);
/// Returns the columns that a CSV file of this format must have; none for a format that is not CSV.
std::span<const std::string_view> columns_of(FileFormat format);

/// Detects the format of a file from its beginning: a JSON message, or a header with a format's columns.
/// Throws a usage Error if the format is unknown, and an Error if the file cannot be read.
FileFormat detect_file_format(const std::filesystem::path& file);

/// Returns a header line without a byte order mark, after checking that it has the format's columns. Throws a
/// usage Error that lists them otherwise.
std::string_view check_header(FileFormat format, std::string_view line, const std::filesystem::path& file);

}  // namespace millrace::produce
