#pragma once

#include <optional>

#include "gold/windowed_operator.h"

namespace millrace::gold {

/// What links say of an id and a user within an hour.
struct IdentityUse {
    Timestamp first_seen = end_of_time;
    Timestamp last_seen = no_watermark;
    std::int64_t events = 0;              ///< events and messages with both ids
    Timestamp removed_at = no_watermark;  ///< time of the last message that removes the link

    void add(const Link& link);
    template <class Archive>
    void serialize(Archive& archive) {
        archive(first_seen, last_seen, events, removed_at);
    }
};

/// Which ids were linked with which users in each hour. It is computed from links instead of events.
class Identities : public WindowedOperator<IdentityUse> {
  public:
    Identities(const Strings& strings, const model::TimeZone& zone)
        : WindowedOperator(strings, zone, {Grain::hour}) {}

    void add(const std::vector<Event>&) override {}
    void add(const std::vector<Link>& links);

  private:
    void write(Output& output, const Windows& windows, Window window, const Cells& cells) const override;
    void mark_key(Marks& marks, const GroupKey& key) const override;
};

}  // namespace millrace::gold
