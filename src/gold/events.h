#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gold/strings.h"
#include "model/money.h"
#include "model/timestamp.h"

namespace millrace::gold {

/// What an event means to the shop. Types that the shop made up are `other`.
enum class Kind : std::uint8_t { view, add_to_cart, purchase, refund, other };

/// One clean event, with numbers for its strings (Strings).
struct Event {
    model::Timestamp time = 0;
    std::int64_t price = 0;  ///< Money of one piece
    std::int32_t quantity = 1;
    Kind kind = Kind::other;
    bool bot = false;  ///< by its user agent
    StringId user = 0;
    StringId product = 0;
    StringId category = 0;
    StringId device = 0;
    StringId session = 0;
    StringId page = 0;
    StringId order = 0;
    StringId currency = 0;

    [[nodiscard]] model::Money amount() const { return model::Money{price} * quantity; }
};

/// Some events, in no order, and how far they bring each bronze partition's clock.
struct Events {
    std::vector<Event> rows;
    /// By bronze partition, the largest min(event time, log time) of the rows.
    std::map<int, model::Timestamp> clocks;
    model::Timestamp newest = 0;                                             ///< log time
    model::Timestamp oldest = std::numeric_limits<model::Timestamp>::max();  ///< log time

    /// Keeps the memory of the rows.
    void clear() {
        std::vector<Event> memory = std::move(rows);
        memory.clear();
        *this = {.rows = std::move(memory), .clocks = {}};
    }
};

/// The silver columns that Gold reads. `event_type` is a partition column: it may come as a constant.
const std::vector<std::string>& event_columns();

/// Appends silver rows to `events`. Strings may be dictionary-encoded, which is faster. `event_type` stands
/// for a column of that name when the rows have none. Throws an Error when a column is missing or of another
/// type.
void read_events(const arrow::RecordBatch& rows, std::optional<std::string_view> event_type, Strings& strings,
                 Events& events);

}  // namespace millrace::gold
