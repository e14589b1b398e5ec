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
#include "model/timestamp.h"
#include "produce/appender.h"

namespace millrace::produce {

enum class ImportFormat { events, rees46, retailrocket };

/// Parses the name of a format. Throws a usage Error that lists the formats.
ImportFormat parse_import_format(std::string_view name);
std::string_view import_format_name(ImportFormat format);
/// Detects the format of a file from its first line that is not empty: an event, or a header with a format's
/// columns. Throws a usage Error if the format is unknown, and an Error if the file cannot be read.
ImportFormat detect_import_format(const std::filesystem::path& file);

struct ImportOptions {
    ImportFormat format = ImportFormat::events;
    /// Speed relative to real time, by the events' timestamps; 0 means as fast as possible.
    double speed = 0;
    std::filesystem::path price_file;  ///< for retailrocket: a CSV file of product_id,price
};

struct ImportReport {
    std::int64_t records = 0;
    /// Records that are appended as their raw line, so that they end in quarantine.
    std::int64_t unconverted = 0;
    std::int64_t without_price = 0;  ///< retailrocket rows without a known price, which end in quarantine
    std::int64_t bytes_read = 0;
    std::int64_t bytes_in_all = 0;
};

/// Converts one line of a data set to an event.
class RowConverter {
  public:
    struct Row {
        std::string_view key;    ///< user_id
        std::string_view value;  ///< the event as JSON
        model::Timestamp time;   ///< the event's time, or the epoch if it is unknown
        bool without_price = false;
    };

    virtual ~RowConverter() = default;
    /// Reads the header line of a file. Throws a usage Error if it is not the header of this format.
    virtual void header(std::string_view line, const std::filesystem::path& file) = 0;
    [[nodiscard]] virtual bool has_header() const = 0;
    /// Returns whether the line could be converted. `row` lives until the next call. `occurrence` is the
    /// number of equal lines before this one.
    virtual bool convert(std::string_view line, std::int64_t occurrence, Row& row) = 0;
};

/// Creates the converter of a format. Reads the price file.
std::unique_ptr<RowConverter> make_converter(const ImportOptions& options);

/// Appends the rows of real data sets to a log. The event_id of a converted row is derived from its fields
/// and from the number of equal rows before it in its file. So importing a file again, or a longer version of
/// it, gives the same ids. The log must outlive the importer.
class Importer {
  public:
    Importer(bronze::EventLog& log, const ImportOptions& options);

    /// Imports `file`. Returns when all of its records are durable, or when `stop` was requested.
    ImportReport import(const std::filesystem::path& file, const base::StopSignal& stop,
                        const std::function<void(const ImportReport&)>& on_progress);

  private:
    void keep_pace(model::Timestamp time, const base::StopSignal& stop);

    const ImportOptions options_;
    Appender appender_;
    std::unique_ptr<RowConverter> converter_;
    model::Timestamp first_time_;
    model::Timestamp started_;
};

}  // namespace millrace::produce
