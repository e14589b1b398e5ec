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
    std::optional<produce::ImportFormat> format;  ///< of all files; nothing: each tells its own
    std::filesystem::path price_file;             ///< retailrocket: a CSV of product_id,price
    gold::GoldStageOptions gold;
    publish::PublishOptions publish;
};

/// How far a load has come.
struct LoadProgress {
    enum class Phase { import, silver, gold };

    Phase phase = Phase::import;
    std::string file;          ///< that is being read
    double share = 0;          ///< of the phase that is done, from 0 to 1; 0 in all of gold
    std::int64_t records = 0;  ///< in the phase so far
};

/// What a load has found.
struct LoadReport {
    struct File {
        std::string path;
        produce::ImportFormat format = produce::ImportFormat::events;
        produce::ImportReport report;
    };
    /// Records that broke a rule.
    struct Refused {
        std::int64_t records = 0;
        std::string reason;   ///< what the rule demands of which field
        std::string example;  ///< the first such record, as it came, cut to some hundred bytes
    };

    std::vector<File> files;
    std::int64_t rows = 0;  ///< that are new in silver
    std::int64_t duplicates = 0;
    std::map<std::string, Refused> refused;  ///< by the rule's name
    /// Of the new rows or, where none is, of all; nothing in an empty table.
    std::optional<gold::DayRange> days;
    bool is_gold_elsewhere = false;  ///< another process runs Gold, and takes the rows in
    bool is_stopped = false;         ///< before all was done; what is done stays

    [[nodiscard]] base::json::object to_json() const;
};

/// Appends the files' rows to the log, and brings silver and Gold up to date with all that the log holds;
/// windows that are open are published, too. Returns early when `stop` is requested. Throws an Error on a
/// fault, and a usage Error for a file of no known format, before anything is appended.
LoadReport load(const catalog::DataDirectory& data, bronze::EventLog& log,
                const model::ShopSettings& settings, const LoadOptions& options, const base::StopSignal& stop,
                const std::function<void(const LoadProgress&)>& on_progress);

/// The page of the dashboard that shows these days, behind the server's address:
/// /#/overview?from=2019-10-01&to=2019-10-02
std::string dashboard_path(const std::optional<gold::DayRange>& days);

}  // namespace millrace::pipeline
