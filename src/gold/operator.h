#pragma once

#include "gold/events.h"
#include "gold/output.h"
#include "gold/window.h"
#include "model/shop_settings.h"

namespace millrace::gold {

/// One of Gold's computations: keyed state over event time, fed with events in any order.
class Operator {
  public:
    explicit Operator(const Strings& strings) : strings_(strings) {}
    Operator(const Operator&) = delete;
    Operator& operator=(const Operator&) = delete;
    virtual ~Operator() = default;

    /// Takes events in. Those whose window is closed are counted as late, and left out of it.
    virtual void add(const std::vector<Event>& events) = 0;
    /// Gives out the windows that `watermark` has reached.
    virtual void close(Timestamp watermark, Output& output) = 0;
    /// Shows the open windows as they stand.
    virtual void peek(Output& output) const = 0;
    /// Marks the strings that the state needs.
    virtual void mark(Marks& marks) const = 0;

    /// Additions that came too late for a window; an event can be too late for several.
    [[nodiscard]] std::int64_t late() const { return late_; }

  protected:
    [[nodiscard]] std::uint64_t hash(Field field, StringId id) const { return strings_[field].hash(id); }
    [[nodiscard]] std::string_view text(Field field, StringId id) const { return strings_.value(field, id); }
    [[nodiscard]] const StringPool& pool(Field field) const { return strings_[field]; }
    void count_late() { ++late_; }

    template <class Archive>
    void serialize_late(Archive& archive) {
        archive(late_);
    }

  private:
    const Strings& strings_;
    std::int64_t late_ = 0;
};

}  // namespace millrace::gold
