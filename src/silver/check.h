#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "model/event.h"
#include "model/shop_settings.h"
#include "silver/bots.h"
#include "silver/verdict.h"

namespace millrace::silver {

/// The distinct event types of a table, shared by all lanes. Thread-safe.
class EventTypes {
  public:
    explicit EventTypes(int limit) : limit_(limit) {}

    /// True when `type` is among the known ones, or was added because the limit allows it.
    bool admit(std::string_view type);
    /// The types that the table has, whatever the limit; the known ones don't count.
    void assign(std::set<std::string, std::less<>> types);

  private:
    const int limit_;
    std::mutex mutex_;
    std::set<std::string, std::less<>> types_;  // guarded by mutex_
};

/// Checks decoded events against the rules. One for each lane, since it remembers the types it has seen.
class Checker {
  public:
    Checker(const model::RuleOptions& options, EventTypes& types) : options_(options), types_(types) {}

    /// `log_time_ms` is the record's timestamp. Sets event.currency when it is absent, and event.is_bot.
    Verdict check(model::Event& event, std::int64_t log_time_ms);
    /// Asks EventTypes anew about each type: it may have lost some that were never committed.
    void forget() { admitted_.clear(); }

  private:
    Verdict check_type(std::string_view type);

    const model::RuleOptions& options_;
    EventTypes& types_;
    std::set<std::string, std::less<>> admitted_;
    Bots bots_;
};

}  // namespace millrace::silver
