#pragma once

#include "gold/engagement_counts.h"
#include "gold/windowed_operator.h"

namespace millrace::gold {

/// The engagement by hour, currency and one field of the events: category or device.
class GroupMetrics : public WindowedOperator<EngagementCounts> {
  public:
    GroupMetrics(const Strings& strings, const model::TimeZone& zone, Table table, Field field,
                 StringId Event::* group)
        : WindowedOperator(strings, zone, {Grain::hour}), table_(table), field_(field), group_(group) {}

    void add(const std::vector<Event>& events) override;
    void move(const Visitors::Move& visit) override;

  private:
    void write(Output& output, const Windows& windows, Window window, const Cells& cells) const override;
    void mark_key(Marks& marks, const GroupKey& key) const override;

    Table table_;
    Field field_;
    StringId Event::* group_;
};

}  // namespace millrace::gold
