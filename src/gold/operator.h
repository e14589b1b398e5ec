#pragma once

#include <functional>
#include <vector>

#include "gold/events.h"
#include "gold/output.h"
#include "gold/state/window.h"
#include "gold/visitors/visitors.h"
#include "model/shop_settings.h"

namespace millrace::gold {

/// Runs tasks, possibly in parallel, and returns when all are done. Tasks may call it, too.
using RunTasks = std::function<void(std::vector<std::function<void()>>)>;

/// One of Gold's computations. It has keyed state over event time and takes events in any order. Not
/// thread-safe. `strings` must outlive the operator.
class Operator {
  public:
    explicit Operator(const Strings& strings) : strings_(strings) {}
    Operator(const Operator&) = delete;
    Operator& operator=(const Operator&) = delete;
    virtual ~Operator() = default;

    /// Adds events. Events whose window is closed are counted as late and are not added to it.
    virtual void add(const std::vector<Event>& events) = 0;
    /// Lets what open windows hold of a visitor belong to another one, who has logged in. What this misses is
    /// corrected with the day.
    virtual void move(const Visitors::Move&) {}
    /// Remembers the state, so that restore() returns to it. In between, only add(), peek() and mark() may be
    /// called.
    virtual void remember() { remembered_late_ = late_; }
    virtual void restore() { late_ = remembered_late_; }
    /// Writes the windows that end at or before `watermark`, and closes them.
    virtual void close(Timestamp watermark, Output& output) = 0;
    /// Writes the open windows without closing them.
    virtual void peek(Output& output) const = 0;
    /// The number of rows that peek() writes, or a few more.
    [[nodiscard]] virtual std::size_t open_rows() const = 0;
    /// Marks the strings that the state refers to.
    virtual void mark(Marks& marks) const = 0;

    /// The number of late additions. An event can be late for several windows.
    [[nodiscard]] std::int64_t late() const { return late_; }

  protected:
    [[nodiscard]] std::uint64_t hash(Field field, StringId id) const { return strings_[field].hash(id); }
    [[nodiscard]] std::string_view text(Field field, StringId id) const { return strings_.value(field, id); }
    [[nodiscard]] const Strings& strings() const { return strings_; }
    void count_late(std::int64_t additions = 1) { late_ += additions; }

    template <class Archive>
    void serialize_late(Archive& archive) {
        archive(late_);
    }

  private:
    const Strings& strings_;
    std::int64_t late_ = 0;
    std::int64_t remembered_late_ = 0;
};

}  // namespace millrace::gold
