#pragma once

#include <cstdint>
#include <span>

#include "gold/events.h"
#include "gold/funnel.h"
#include "gold/output.h"
#include "gold/sources.h"
#include "gold/state/window.h"

namespace millrace::gold {

/// The fields of an event that its session needs.
struct Step {
    Timestamp time;
    std::int64_t price = 0;
    std::int32_t quantity = 1;
    Kind kind = Kind::other;
    bool bot = false;
    StringId product = 0;
    StringId page = 0;
    StringId device = 0;
    StringId currency = 0;
    StringId order = 0;
    StringId entry = 0;

    [[nodiscard]] model::Money amount() const { return model::Money{price} * quantity; }
    template <class Archive>
    void serialize(Archive& archive) {
        archive(time, price, quantity, kind, bot, product, page, device, currency, order, entry);
    }
};
using Steps = std::span<const Step>;

/// What one session counts: its row, its way through the funnel, and what it brought the source that it came
/// from. The steps and the strings must outlive the object.
class Session {
  public:
    /// Whether a session is over. An open one is neither bounced nor has it abandoned its cart: it may go on.
    enum class Outcome : std::uint8_t { final, open };

    /// `key` is the visitor and the session_id. There is a step at least. The steps are in the order of time
    /// and, at the same time, of the funnel.
    Session(const Strings& strings, const GroupKey& key, Steps steps)
        : strings_(strings), key_(key), steps_(steps) {}

    [[nodiscard]] Timestamp start() const { return steps_.front().time; }
    [[nodiscard]] Timestamp end() const { return steps_.back().time; }
    /// Where the session came from (Field::entry); 0 where no event tells.
    [[nodiscard]] StringId entry() const;
    /// How far the session came in the funnel.
    [[nodiscard]] FunnelPath path() const;
    /// Adds the session once for each currency of its events. Returns false if a window of its start is
    /// already closed.
    bool add_to(Sources& sources) const;
    /// Writes the session's row of Table::sessions. `is_new` tells whether it is its visitor's first one.
    void write(Outcome outcome, bool is_new, Row row) const;

  private:
    [[nodiscard]] std::string_view text(Field field, StringId id) const { return strings_.value(field, id); }
    [[nodiscard]] std::uint64_t user_hash() const { return strings_[Field::user].hash(key_.first); }
    [[nodiscard]] std::int64_t count(Kind kind) const;
    [[nodiscard]] model::Money worth(Kind kind) const;
    [[nodiscard]] std::int64_t distinct_products() const;
    [[nodiscard]] bool has_one_currency() const;
    [[nodiscard]] SourcedSession in_currency(StringId currency) const;
    [[nodiscard]] std::string_view smallest(Field field, StringId Step::* member, Steps steps) const;
    void write_entry(Row& row) const;

    const Strings& strings_;
    const GroupKey key_;
    const Steps steps_;
};

}  // namespace millrace::gold
