#pragma once

#include "gold/engagement_counts.h"
#include "gold/operator.h"

namespace millrace::gold {

/// The interest in each product, by minute (tumbling) and by five minutes, each minute (sliding). A sliding
/// window is the union of five minutes, so those are kept until the last such window is closed.
class ProductMetrics : public Operator {
  public:
    ProductMetrics(const Strings& strings, const model::TimeZone& zone);

    void add(const std::vector<Event>& events) override;
    void close(Timestamp watermark, Output& output) override;
    void peek(Output& output) const override;
    void mark(Marks& marks) const override;

    template <class Archive>
    void serialize(Archive& archive) {
        serialize_late(archive);
        archive(minutes_);
    }

  private:
    using Minutes = GroupedWindows<EngagementCounts>;

    void write(Output& output, std::string_view name, Window window, const Minutes::Cells& cells) const;
    void write_sliding(Output& output, Timestamp after, Timestamp up_to) const;

    Minutes minutes_;
};

}  // namespace millrace::gold
