#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/stop.h"
#include "bronze/event_log.h"
#include "produce/appender.h"

namespace millrace::produce {

enum class ImportFormat { events, rees46, retailrocket };

/// Throws a usage Error that lists the formats.
ImportFormat parse_import_format(std::string_view name);
std::string_view import_format_name(ImportFormat format);
/// The format of a file, by its first line that isn't empty: an event, or the header of a format's columns.
/// Throws a usage Error when it is none of these, and an Error when the file can't be read.
ImportFormat detect_import_format(const std::filesystem::path& file);

struct ImportOptions {
    ImportFormat format = ImportFormat::events;
    double speed = 0;  ///< times real time, by the events' timestamps; 0 is as fast as possible
    std::filesystem::path price_file;  ///< retailrocket: a CSV of product_id,price
};

struct ImportReport {
    std::int64_t records = 0;
    std::int64_t unconverted = 0;    ///< appended as their raw line, so that they end in quarantine
    std::int64_t without_price = 0;  ///< retailrocket rows that no price is known for: they end in quarantine
    std::int64_t bytes_read = 0;
    std::int64_t bytes_in_all = 0;
};

/// Turns one line of a data set into an event.
class RowConverter {
  public:
    struct Row {
        std::string_view key;      ///< user_id
        std::string_view value;    ///< the event as JSON
        std::int64_t time_us = 0;  ///< the event's time; 0 when it isn't known
        bool without_price = false;
    };

    virtual ~RowConverter() = default;
    /// Reads the header line of a file. Throws a usage Error when it isn't this format's.
    virtual void header(std::string_view line, const std::filesystem::path& file) = 0;
    [[nodiscard]] virtual bool has_header() const = 0;
    /// True when the line could be converted; `row` lives until the next call. `occurrence` counts equal
    /// lines, from 0.
    virtual bool convert(std::string_view line, std::int64_t occurrence, Row& row) = 0;
};

/// The converter of a format. Reads the price file.
std::unique_ptr<RowConverter> make_converter(const ImportOptions& options);

/// Appends the rows of real data sets to a log. The event_id of a converted row is made from its fields and
/// from which of the equal rows of its file it is: a file imported again, or a longer version of it, brings
/// the same ids.
class Importer {
  public:
    Importer(bronze::EventLog& log, const ImportOptions& options);

    /// Imports `file` and returns when all of it is durable, or `stop` was requested.
    ImportReport import(const std::filesystem::path& file, const base::StopSignal& stop,
                        const std::function<void(const ImportReport&)>& on_progress);

  private:
    void keep_pace(std::int64_t time_us, const base::StopSignal& stop);

    const ImportOptions options_;
    Appender appender_;
    std::unique_ptr<RowConverter> converter_;
    std::int64_t first_time_us_ = 0;
    std::int64_t started_us_ = 0;
};

}  // namespace millrace::produce
