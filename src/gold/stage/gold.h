#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "gold/alerts/alerts.h"
#include "gold/group_metrics.h"
#include "gold/high_interest.h"
#include "gold/kpis.h"
#include "gold/product_metrics.h"
#include "gold/sessions.h"
#include "gold/user_days.h"
#include "gold/watermark.h"

namespace millrace::gold {

/// All operators with their state. The speed layer feeds it with silver's commits as they come and closes
/// what the watermark has reached; the batch layer feeds it with the rows of some days and closes all.
class Gold {
  public:
    /// Runs tasks, at once if it likes, and returns when all are done.
    using Run = std::function<void(std::vector<std::function<void()>>)>;

    Gold(const model::TimeZone& zone, const model::GoldOptions& options, Run run);
    Gold(const Gold&) = delete;
    Gold& operator=(const Gold&) = delete;

    [[nodiscard]] Strings& strings() { return strings_; }
    [[nodiscard]] Watermark& clock() { return clock_; }
    /// Which do nothing until they are given rules.
    [[nodiscard]] Alerts& alerts() { return alerts_; }

    /// Takes events in and advances the clock by them.
    void add(const Events& events);
    /// Likewise, and gives out all that `watermark` has reached.
    void add(const Events& events, Timestamp watermark, Output& output);
    /// Takes them in for sessions alone.
    void add_to_sessions(const std::vector<Event>& events) { sessions_.add(events); }
    /// Gives out all that `watermark` has reached.
    void close(Timestamp watermark, Output& output);
    /// Shows what is open, as it stands: at least the rows of these tables.
    void peek(Output& output, const TableSet& tables) const;
    /// Forgets strings that no state needs any more, now and then.
    void collect_garbage();

    /// Additions that came after their window was closed.
    [[nodiscard]] std::int64_t late() const;

    /// The whole state, and what it was made from. load() throws an Error for what save() didn't
    /// write.
    void save(std::ostream& stream) const;
    void load(std::istream& stream);

  private:
    void add(const Events& events, const std::function<void(Operator&)>& after);
    template <class Archive>
    void serialize(Archive& archive);
    [[nodiscard]] std::vector<Operator*> operators();
    [[nodiscard]] std::vector<const Operator*> operators() const;

    const Run run_;
    Strings strings_;
    Watermark clock_;
    ProductMetrics products_;
    GroupMetrics categories_;
    GroupMetrics devices_;
    Kpis kpis_;
    UserDays users_;
    HighInterest interest_;
    Sessions sessions_;
    Alerts alerts_;
};

}  // namespace millrace::gold
