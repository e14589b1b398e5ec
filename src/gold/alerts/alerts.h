#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "gold/alerts/alert_states.h"
#include "gold/alerts/baskets.h"
#include "gold/alerts/pipeline_health.h"
#include "gold/alerts/seasons.h"
#include "gold/alerts/sliding_product_counts.h"
#include "gold/alerts/traffic.h"
#include "gold/operator.h"

namespace millrace::gold {

/// Evaluates the alert rules. The rules about the shop are evaluated each minute of event time (high
/// interest: every ten seconds) up to the clock of event time (watermark.h), without subtracting the
/// lateness, so that they do not wait for windows to close. The rules about the pipeline are evaluated at
/// each commit of Silver. When no commits arrive, ticks of the wall clock drive the evaluation, so that
/// silence is detected. Not thread-safe. `strings` must outlive it.
class Alerts {
  public:
    /// `zone` is the shop's time zone.
    Alerts(const Strings& strings, const model::TimeZone& zone) : strings_(strings), seasons_(zone) {}

    /// Sets the rules. Nothing is evaluated before the first call.
    void adopt(const AlertRules& rules) { rules_ = rules; }
    [[nodiscard]] const std::optional<AlertRules>& rules() const { return rules_; }

    /// Sets the sequence number of the last alert, when the state is new but alerts were published before.
    void number_from(model::AlertSequence sequence) { states_.number_from(sequence); }

    /// Adds events, in any order.
    void add(const std::vector<Event>& events);
    /// Evaluates the rules about the shop up to `clock`, from which the lateness is not subtracted.
    void judge(Timestamp clock);
    /// Sets the starting point from a snapshot of Silver.
    void begin(const PipelineHealth& health) { health_.begin(health); }
    /// Adds a commit of Silver and evaluates the rules about the pipeline.
    void judge(const PipelineHealth& health);
    /// Returns true if a tick at the log time `time` would evaluate anything, because a minute has passed
    /// since the last evaluation.
    [[nodiscard]] bool tick_due(base::WallTime time) const;
    /// Evaluates the rules at the log time `time`, when all commits of Silver are processed and no new one
    /// has arrived.
    void tick(base::WallTime time);

    /// The alerts that are firing, with their present values and texts.
    [[nodiscard]] std::vector<model::Alert> firing() const { return states_.firing(); }
    /// The changes that are not known to be published, in order. They are part of the saved state.
    [[nodiscard]] const std::vector<model::Alert>& unpublished() const { return changes_; }
    /// Removes the unpublished changes up to this sequence number.
    void published(model::AlertSequence sequence);

    void mark(Marks& marks) const { products_.mark(marks); }

    template <class Archive>
    void serialize(Archive& archive) {
        archive(rules_, clock_, judged_, active_until_, ticked_, traffic_, seasons_, episodes_, products_,
                baskets_, health_, states_, changes_);
    }

  private:
    /// A time of trouble: a rule that fires, possibly with pauses of up to a day.
    struct Episode {
        Timestamp since;
        Timestamp last_fired;

        template <class Archive>
        void serialize(Archive& archive) {
            archive(since, last_fired);
        }
    };
    /// A window of a figure, and what is usual for it.
    struct Look {
        Window window;
        Figure now;
        std::optional<Season::Expectation> expectation;  // nothing if the season is not known yet
        bool other_cause = false;                        // another alert explains the figure
    };

    void judge_step(Timestamp end);
    void judge_minute(Timestamp end);
    void judge_interest(Timestamp end);
    void judge_figure(const RuleFigure& figure, Timestamp end);
    [[nodiscard]] Look look_at(const RuleFigure& figure, const Season& season, Window window) const;
    [[nodiscard]] std::optional<Comparison> compare_with_usual(const RuleFigure& figure,
                                                               const Look& look) const;
    [[nodiscard]] std::optional<Comparison> compare_with_recent(const RuleFigure& figure,
                                                                const Look& look) const;
    void remember(const RuleFigure& figure, const Look& look, bool was_usual, Season& season) const;
    void judge_carts(Timestamp end);
    void judge_quality(Timestamp now);
    void judge_progress(Timestamp now);
    void judge(AlertRule rule, const std::string& subject, Timestamp at, const AlertVerdict& verdict);
    void note(const RuleFigure& figure, Window window);

    const Strings& strings_;
    std::optional<AlertRules> rules_;
    Timestamp clock_ = no_watermark;
    Timestamp judged_ = no_watermark;        // event time up to which the rules are evaluated
    Timestamp active_until_ = no_watermark;  // the end of the last minute with events
    Timestamp ticked_;                       // log time of the last tick
    Traffic traffic_;
    Seasons seasons_;
    std::map<std::pair<AlertRule, std::string>, Episode> episodes_;
    SlidingProductCounts products_;
    Baskets baskets_;
    PipelineHealthWindow health_;
    AlertStates states_;
    std::vector<model::Alert> changes_;
};

}  // namespace millrace::gold
