#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gold/alerts/alert_states.h"
#include "gold/alerts/baskets.h"
#include "gold/alerts/pipeline_health.h"
#include "gold/alerts/sliding_product_counts.h"
#include "gold/alerts/traffic.h"
#include "gold/operator.h"

namespace millrace::gold {

/// Judges the alert rules: those about the shop each minute of event time (high interest, every ten seconds)
/// at the clock, without the lateness, so that they don't wait for windows to close; those about the pipeline
/// at each of silver's commits. While nothing comes, ticks of log time stand in.
class Alerts {
  public:
    explicit Alerts(const Strings& strings) : strings_(strings) {}

    /// Judges by these rules from now on; does nothing before.
    void adopt(const AlertRules& rules) { rules_ = rules; }
    [[nodiscard]] const std::optional<AlertRules>& rules() const { return rules_; }

    /// The number of the last alert before a new beginning.
    void number_from(std::int64_t sequence) { states_.number_from(sequence); }

    /// Takes in events, in any order.
    void add(const std::vector<Event>& events);
    /// Judges what has come to pass by `clock`, the watermark without the lateness.
    void judge(Timestamp clock);
    /// Takes what a snapshot of silver says for where it begins.
    void begin(const PipelineHealth& intake) { intake_.begin(intake); }
    /// Takes in a commit of silver and judges the pipeline by it.
    void judge(const PipelineHealth& intake);
    /// Whether a tick at `now_ms` of log time would judge anything: a minute is over since the last.
    [[nodiscard]] bool tick_due(std::int64_t now_ms) const;
    /// Judges `now_ms`, at which all of silver's commits are in and nothing new has come.
    void tick(std::int64_t now_ms);

    /// The changes that aren't known to be published, in order; they are part of the state.
    [[nodiscard]] const std::vector<model::Alert>& unpublished() const { return changes_; }
    /// Forgets the unpublished changes up to a sequence number.
    void published(std::int64_t sequence);

    void mark(Marks& marks) const { attention_.mark(marks); }

    template <class Archive>
    void serialize(Archive& archive) {
        archive(rules_, clock_, judged_, lively_, ticked_, traffic_, attention_, baskets_, intake_, states_,
                changes_);
    }

  private:
    void judge_step(Timestamp end);
    void judge_minute(Timestamp end);
    void judge_interest(Timestamp end);
    [[nodiscard]] std::optional<Traffic::Baseline> usual_in(Window window,
                                                            const RuleSettings& settings) const;
    void judge_traffic(Timestamp end);
    void judge_conversion(Timestamp end);
    void judge_revenue(Timestamp end);
    void judge_carts(Timestamp end);
    void judge_quality(Timestamp now);
    void judge_progress(Timestamp now);
    void judge(AlertRule rule, const std::string& subject, Timestamp at, const AlertVerdict& verdict);
    void judge_and_note(AlertRule rule, const std::string& subject, Window window,
                        const AlertVerdict& verdict);

    const Strings& strings_;
    std::optional<AlertRules> rules_;
    Timestamp clock_ = no_watermark;
    Timestamp judged_ = no_watermark;  // up to which event time is judged
    Timestamp lively_ = no_watermark;  // the end of the last minute with events
    Timestamp ticked_ = 0;             // log time
    Traffic traffic_;
    SlidingProductCounts attention_;
    Baskets baskets_;
    PipelineHealthWindow intake_;
    AlertStates states_;
    std::vector<model::Alert> changes_;
};

}  // namespace millrace::gold
