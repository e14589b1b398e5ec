#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/mutex.h"
#include "model/event.h"
#include "model/shop_settings.h"
#include "silver/bots.h"
#include "silver/verdict.h"

namespace millrace::silver {

/// Returns true if an event of this type must have a price.
bool needs_price(std::string_view event_type, const model::RuleOptions& options);
/// Returns true if an event may have this price.
bool is_valid_price(double price, const model::RuleOptions& options);

/// The distinct event types of a table, shared by all lanes. Thread-safe.
class EventTypes {
  public:
    explicit EventTypes(int limit) : limit_(limit) {}

    /// Returns true if `type` is one that every shop has, is already known, or if the limit allows adding it.
    bool admit(std::string_view type);
    /// Replaces the types by those that the table has, even beyond the limit. The types that every shop has
    /// are not counted.
    void assign(std::set<std::string, std::less<>> types);

  private:
    const int limit_;
    base::Mutex mutex_;
    std::set<std::string, std::less<>> types_ MILLRACE_GUARDED_BY(mutex_);
};

/// Checks decoded events against the validation rules. Each lane has its own checker, which caches the
/// admitted event types. Not thread-safe. Both arguments must outlive it.
class Checker {
  public:
    Checker(const model::RuleOptions& options, EventTypes& types) : options_(options), types_(types) {}

    /// Returns the first rule that the event breaks. `log_time` is the record's timestamp. Sets
    /// event.currency if it is absent, sets event.is_bot, and
    /// gives event.event_type its normal form (type_text.h).
    Verdict check(model::Event& event, base::WallTime log_time);
    /// Clears the cache of admitted types. EventTypes may have lost types that were never committed.
    void forget() { admitted_.clear(); }

  private:
    /// Replaces a type of letters beyond ASCII by its normal form, which stays until forget().
    Verdict check_type(std::string_view& type);

    const model::RuleOptions& options_;
    EventTypes& types_;
    std::set<std::string, std::less<>> admitted_;
    Bots bots_;
};

}  // namespace millrace::silver
