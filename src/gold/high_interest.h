#pragma once

#include "gold/windowed_operator.h"

namespace millrace::gold {

/// Views and purchases of one product.
struct Attention {
    std::int64_t views = 0;
    std::int64_t purchases = 0;

    void add(const Event& event) {
        views += event.kind == Kind::view ? 1 : 0;
        purchases += event.kind == Kind::purchase ? 1 : 0;
    }
    template <class Archive>
    void serialize(Archive& archive) {
        archive(views, purchases);
    }
};

/// How high the conversion `hits` of `trials` may really be: the upper bound of Wilson's score interval at
/// 95%.
double wilson_upper(std::int64_t hits, std::int64_t trials);

/// Whether a product has much of all views and, for certain, little conversion.
bool is_high_interest(const Attention& product, std::int64_t all_views, const GoldOptions& options);

/// Products with much interest and little conversion, by hour and day.
class HighInterest : public WindowedOperator<Attention> {
  public:
    HighInterest(const Strings& strings, const model::TimeZone& zone, const GoldOptions& options)
        : WindowedOperator(strings, zone, {Grain::hour, Grain::day}), options_(options) {}

    void add(const std::vector<Event>& events) override;

  private:
    void write(Output& output, const Windows& windows, Window window, const Cells& cells) const override;
    void mark_key(Marks& marks, const GroupKey& key) const override;

    const GoldOptions options_;
};

}  // namespace millrace::gold
