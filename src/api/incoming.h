#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/last_messages.h"
#include "base/mutex.h"
#include "bronze/event_log.h"
#include "catalog/data_directory.h"
#include "serve/sql_rows.h"

namespace millrace::api {

/// The report `incoming`: the last messages in the log, and what became of each of their items. It shows
/// whoever connects a shop whether the messages arrive, and whether they are understood. Thread-safe.
class Incoming {
  public:
    /// Runs a query over the tables `silver` and `quarantine`, and returns at most so many rows.
    using Query = std::function<serve::SqlRows(const std::string& query, std::int64_t limit)>;

    /// `log` must outlive this object.
    Incoming(const catalog::DataDirectory& data, const bronze::EventLog& log, model::RuleOptions rules,
             Query query)
        : data_(data), log_(log), rules_(std::move(rules)), query_(std::move(query)) {}

    static constexpr std::string_view name = "incoming";

    /// Returns the last messages as JSON: `{"rows", "truncated", "time"}` (schemas/openapi.yaml). The one
    /// parameter is `limit`, at most 500. Throws a usage Error for an invalid parameter.
    [[nodiscard]] std::string make(const std::map<std::string, std::string, std::less<>>& parameters);

  private:
    const bronze::EventLog& readable_log() MILLRACE_REQUIRES(mutex_);

    const catalog::DataDirectory data_;
    const bronze::EventLog& log_;
    const model::RuleOptions rules_;
    const Query query_;
    base::Mutex mutex_;  // one request at a time, since a log may allow one reader of a partition
    std::unique_ptr<bronze::EventLog> own_log_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::api
