#pragma once

#include "gold/purchases.h"
#include "gold/windowed_operator.h"

namespace millrace::gold {

/// The key figures of some time.
struct KeyFigures {
    std::int64_t events = 0;
    Distinct users;
    Distinct sessions;
    Distinct converted;  ///< sessions with a purchase
    Purchases purchases;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(events, users, sessions, converted, purchases);
    }
};

/// The shop's key figures by minute, hour and day.
class Kpis : public WindowedOperator<KeyFigures> {
  public:
    Kpis(const Strings& strings, const model::TimeZone& zone)
        : WindowedOperator(strings, zone, {Grain::minute, Grain::hour, Grain::day}) {}

    void add(const std::vector<Event>& events) override;

  private:
    void write(Output& output, const Windows& windows, Window window, const Cells& cells) const override;
    void mark_key(Marks& marks, const GroupKey& key) const override;
};

}  // namespace millrace::gold
