#pragma once

#include "gold/purchases.h"
#include "gold/windowed_operator.h"

namespace millrace::gold {

/// The activity of one user on one day.
struct UserDay {
    Timestamp first_seen = end_of_time;
    Timestamp last_seen = no_watermark;
    std::int64_t events = 0;
    std::int64_t views = 0;
    std::int64_t carts = 0;
    std::int64_t purchase_events = 0;
    Purchases purchases;

    void add(const Event& event, const Strings& strings);
    void add(const UserDay& other);
    template <class Archive>
    void serialize(Archive& archive) {
        archive(first_seen, last_seen, events, views, carts, purchase_events, purchases);
    }
};

/// The activity of each user on each day.
class UserDays : public WindowedOperator<UserDay> {
  public:
    UserDays(const Strings& strings, const model::TimeZone& zone)
        : WindowedOperator(strings, zone, {Grain::day}) {}

    void add(const std::vector<Event>& events) override;
    void move(const Visitors::Move& visit) override;

  private:
    void write(Output& output, const Windows& windows, Window window, const Cells& cells) const override;
    void mark_key(Marks& marks, const GroupKey& key) const override;
};

}  // namespace millrace::gold
