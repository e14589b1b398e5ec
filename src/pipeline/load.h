#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/stop.h"
#include "bronze/event_log.h"
#include "catalog/data_directory.h"
#include "gold/stage/batch_layer.h"
#include "gold/stage/gold_stage.h"
#include "produce/importer.h"
#include "publish/publisher.h"

namespace millrace::pipeline {

struct LoadOptions {
    std::vector<std::filesystem::path> files;
    std::optional<produce::FileFormat> format;  ///< of all files; nothing: detected for each file
    std::filesystem::path price_file;           ///< for retailrocket: a CSV of product_id,price
    gold::GoldStageOptions gold;
    publish::PublishOptions publish;
};

/// The progress of a load.
struct LoadProgress {
    enum class Phase { import, silver, gold };

    Phase phase = Phase::import;
    std::string file;          ///< the one that is being read
    double share = 0;          ///< how much of the phase is done, from 0 to 1; always 0 in gold
    std::int64_t records = 0;  ///< processed in the phase so far
};

/// The result of a load.
struct LoadReport {
    struct File {
        std::string path;
        produce::FileFormat format = produce::FileFormat::events;
        produce::ImportReport report;
    };
    /// The records that broke one rule.
    struct QuarantinedRule {
        std::int64_t records = 0;
        std::string reason;   ///< the field, and what the rule requires of it
        std::string example;  ///< the beginning of the first such record
    };

    std::vector<File> files;
    std::int64_t rows = 0;  ///< new rows in silver
    std::int64_t duplicates = 0;
    /// The rules that records broke, by the name of the rule.
    std::map<std::string, QuarantinedRule> quarantined;
    /// The days of the new rows or, where there are none, of all rows; nothing for an empty table.
    std::optional<gold::DayRange> days;
    bool is_gold_elsewhere = false;  ///< another process runs Gold, and processes the rows
    bool is_stopped = false;         ///< it was stopped before the end; what is done stays

    [[nodiscard]] base::json::object to_json() const;
};

/// Appends the files' rows to the log, and brings silver and Gold up to date with all that the log holds.
/// Open windows are published, too. Returns early when `stop` is requested. Throws a usage Error for a file
/// of an unknown format, before anything is appended, and an Error on a fault.
LoadReport load(const catalog::DataDirectory& data, bronze::EventLog& log,
                const model::ShopSettings& settings, const LoadOptions& options, const base::StopSignal& stop,
                const std::function<void(const LoadProgress&)>& on_progress);

/// The path of the dashboard's page that shows these days, such as
/// `/#/overview?from=2019-10-01&to=2019-10-02`.
std::string dashboard_path(const std::optional<gold::DayRange>& days);

}  // namespace millrace::pipeline
