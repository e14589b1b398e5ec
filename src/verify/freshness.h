#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "bronze/event_log.h"
#include "catalog/data_directory.h"
#include "model/timestamp.h"

namespace millrace::verify {

/// How far a layer's table has come.
struct LayerFreshness {
    /// The table has all events before this time that had arrived in the log, as far as they come in the
    /// order of their times. Nothing when that is not known: there is no table, or nothing tells.
    std::optional<model::Timestamp> up_to;
    std::int64_t version = -1;  ///< silver: of its table. gold: of Silver, which it has processed up to here
    std::int64_t behind = 0;    ///< silver: records of the log. gold: versions of Silver

    [[nodiscard]] base::json::object to_json(std::string_view behind_what) const;
};

/// A day whose published rows lack late events.
struct WaitingDay {
    std::string day;
    std::int64_t events = 0;
};

/// How far the tables of a shop have come, according to the tables, the log and Gold's state on disk. No
/// process needs to run.
struct Freshness {
    model::Timestamp now;
    LayerFreshness silver;
    LayerFreshness gold;
    std::vector<WaitingDay> waiting;  ///< the earliest day first

    [[nodiscard]] base::json::object to_json() const;
};

/// Silver is complete up to the clock of its slowest partition, or up to now when it has all records of the
/// log. Gold is complete up to its watermark, but not past the first event of Silver that it has not
/// processed. Throws an Error when a table cannot be read.
Freshness read_freshness(const catalog::DataDirectory& data, const bronze::EventLog& log);

}  // namespace millrace::verify
