#pragma once

#include "gold/engagement_counts.h"
#include "gold/operator.h"

namespace millrace::gold {

/// The engagement with each product: by minute (tumbling windows), and by five minutes with a new window each
/// minute (sliding windows). A sliding window is the union of five minutes, so minutes are kept until the
/// last sliding window that contains them is closed.
class ProductMetrics : public Operator {
  public:
    ProductMetrics(const Strings& strings, const model::TimeZone& zone);

    void add(const std::vector<Event>& events) override;
    void remember() override;
    void restore() override;
    void close(Timestamp watermark, Output& output) override;
    void peek(Output& output) const override;
    [[nodiscard]] std::size_t open_rows() const override;
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
