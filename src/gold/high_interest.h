#pragma once

#include "gold/view_purchase_counts.h"
#include "gold/windowed_operator.h"

namespace millrace::gold {

/// Products with many views and low conversion, by hour and day.
class HighInterest : public WindowedOperator<ViewPurchaseCounts> {
  public:
    HighInterest(const Strings& strings, const model::TimeZone& zone, const model::GoldOptions& options)
        : WindowedOperator(strings, zone, {Grain::hour, Grain::day}), options_(options) {}

    void add(const std::vector<Event>& events) override;

  private:
    void write(Output& output, const Windows& windows, Window window, const Cells& cells) const override;
    void mark_key(Marks& marks, const GroupKey& key) const override;

    const model::GoldOptions options_;
};

}  // namespace millrace::gold
