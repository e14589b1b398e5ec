#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>

#include "base/stop.h"
#include "bronze/event_log.h"
#include "model/shop_settings.h"
#include "model/timestamp.h"
#include "produce/appender.h"
#include "produce/file_format.h"
#include "produce/message_reader.h"
#include "produce/occurrences.h"
#include "produce/price_list.h"
#include "silver/check.h"
#include "silver/formats/record_decoder.h"

namespace millrace::produce {

struct ImportOptions {
    FileFormat format = FileFormat::events;
    /// Speed relative to real time, by the events' timestamps; 0 means as fast as possible.
    double speed = 0;
    std::filesystem::path price_file;  ///< for retailrocket: a CSV file of product_id,price
    model::RuleOptions rules{};        ///< the shop's rules, for the report
};

struct ImportReport {
    /// Why items of messages will be quarantined.
    struct Refusal {
        std::int64_t items = 0;
        std::int64_t line = 0;  ///< the line in which the first such message ends
        std::string reason;     ///< the field of the first one, and what the rule requires
    };

    std::int64_t records = 0;
    std::map<std::string, std::int64_t, std::less<>> by_format;  ///< records by what they were decoded as
    std::int64_t events = 0;
    std::int64_t ignored = 0;  ///< items that are no events
    /// The rules that items broke, by the name of the rule. Silver will quarantine these items.
    std::map<std::string, Refusal, std::less<>> refused;
    std::int64_t without_price = 0;  ///< retailrocket rows without a known price
    std::int64_t bytes_read = 0;
    std::int64_t bytes_in_all = 0;
};

/// Appends the messages of files to a log as they are in the file: a line of CSV has the header of its file
/// in the record's headers. A message without an id of its own gets one from its text and from the number of
/// equal messages before it in its file (Origin::place). So importing a file again, or a longer version of
/// it, gives the same ids. The log must outlive the importer.
class Importer {
  public:
    Importer(bronze::EventLog& log, const ImportOptions& options);

    /// Imports `file`. Returns when all of its records are durable, or when `stop` was requested.
    ImportReport import(const std::filesystem::path& file, const base::StopSignal& stop,
                        const std::function<void(const ImportReport&)>& on_progress);

  private:
    void keep_pace(model::Timestamp time, const base::StopSignal& stop);
    void append(std::string_view message, MessageReader& reader, Occurrences& occurrences,
                ImportReport& report);
    void count(std::span<silver::Item> items, std::int64_t line, ImportReport& report);

    const ImportOptions options_;
    Appender appender_;
    PriceList prices_;
    silver::RecordDecoder decoder_;
    silver::EventTypes types_;
    silver::Checker checker_;
    base::WallTime log_time_;
    model::Timestamp first_time_;
    model::Timestamp started_;
    model::Timestamp time_;  // of the last message, or the epoch
};

}  // namespace millrace::produce
