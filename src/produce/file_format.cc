#include "produce/file_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/csv_line.h"
#include "base/error.h"
#include "produce/line_reader.h"
#include "silver/formats/known_formats.h"

namespace millrace::produce {

namespace fs = std::filesystem;

namespace {

struct Known {
    FileFormat format;
    std::string_view name;
    std::string_view of_records;
};

constexpr std::array<Known, 5> known_files = {{{FileFormat::events, "events", silver::native_format},
                                               {FileFormat::segment, "segment", "segment"},
                                               {FileFormat::ga4, "ga4", "ga4"},
                                               {FileFormat::rees46, "rees46", "rees46"},
                                               {FileFormat::retailrocket, "retailrocket", "retailrocket"}}};

constexpr std::array<std::string_view, 5> rees46_columns = {"event_time", "event_type", "product_id", "price",
                                                            "user_id"};
constexpr std::array<std::string_view, 4> retailrocket_columns = {"timestamp", "visitorid", "event",
                                                                  "itemid"};

std::string_view without_byte_order_mark(std::string_view line) {
    if (line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    return line;
}

/// Returns the first of the columns that a header does not have, or an empty view.
std::string_view missing_column(std::string_view header, std::span<const std::string_view> wanted) {
    std::vector<std::string_view> fields;
    std::string scratch;
    static_cast<void>(base::split_csv(header, fields, scratch));
    const auto missing = std::ranges::find_if(
        wanted, [&](std::string_view name) { return std::ranges::find(fields, name) == fields.end(); });
    return missing == wanted.end() ? std::string_view() : *missing;
}

}  // namespace

FileFormat parse_file_format(std::string_view name) {
    const auto found = std::ranges::find(known_files, name, &Known::name);
    if (found != known_files.end()) return found->format;
    throw usage_error(fmt::format("reading the format \"{}\"", name),
                      "it must be events, segment, ga4, rees46 or retailrocket");
}

std::string_view file_format_name(FileFormat format) {
    return known_files.at(static_cast<std::size_t>(format)).name;
}

std::string_view record_format(FileFormat format) {
    return known_files.at(static_cast<std::size_t>(format)).of_records;
}

std::span<const std::string_view> columns_of(FileFormat format) {
    if (format == FileFormat::rees46) return rees46_columns;
    if (format == FileFormat::retailrocket) return retailrocket_columns;
    return {};
}

FileFormat detect_file_format(const fs::path& file) {
    LineReader reader(file);
    std::string_view line;
    while (reader.next(line) && line.empty()) {
    }
    line = without_byte_order_mark(line);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.starts_with('{') || line.starts_with('[')) {
        const silver::Format* shape = silver::find_format_of(line);
        return shape == nullptr ? FileFormat::events : parse_file_format(shape->name);
    }
    for (const FileFormat format : {FileFormat::rees46, FileFormat::retailrocket}) {
        if (missing_column(line, columns_of(format)).empty()) return format;
    }
    throw usage_error(
        fmt::format("detecting the format of {}", file.string()),
        line.empty() ? "it is empty" : "its first line is neither JSON nor a known header",
        fmt::format("A file has JSON messages, or the columns {} (rees46) or {} (retailrocket).",
                    fmt::join(rees46_columns, ","), fmt::join(retailrocket_columns, ",")));
}

std::string_view check_header(FileFormat format, std::string_view line, const fs::path& file) {
    const std::string_view header = without_byte_order_mark(line);
    const std::string_view missing = missing_column(header, columns_of(format));
    if (missing.empty()) return header;
    throw usage_error(fmt::format("importing {} as {}", file.string(), file_format_name(format)),
                      fmt::format("its first line has no column {}", missing),
                      fmt::format("The columns are: {}.", fmt::join(columns_of(format), ",")));
}

}  // namespace millrace::produce
