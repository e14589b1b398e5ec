#pragma once

#include <map>
#include <string>

#include "gold/alerts/season.h"
#include "gold/alerts/traffic.h"

namespace millrace::gold {

/// A figure that a rule compares with its season: events for the rules about traffic, purchases per view for
/// conversion, and the net revenue of a currency.
struct RuleFigure {
    AlertRule rule = AlertRule::traffic_gap;
    std::string currency;  ///< for AlertRule::revenue_drop

    [[nodiscard]] Figure of(const ShopFigures& figures) const;
    /// The rules that freeze minutes for this figure.
    [[nodiscard]] RuleSet frozen_by() const;
};

/// The recent past of a figure, for a shop whose season is not known yet.
struct Recent {
    int minutes = 0;
    Figure sum;
    double squares = 0;  ///< the sum of the squared values of the minutes
};

/// The seasons of all figures of the shop. Not thread-safe.
class Seasons {
  public:
    /// `zone` is the shop's time zone.
    explicit Seasons(model::TimeZone zone) : zone_(std::move(zone)) {}

    /// Takes in a complete minute, which ends at `end`, once for each minute in order.
    void pass(Timestamp end, const Traffic& traffic);

    /// Whether the shop is in its first week. Then also minutes in which a rule fires are part of the
    /// seasons: a shop that closes at night looks like a gap in its first night.
    [[nodiscard]] bool is_young(Timestamp time) const;
    /// The season of a figure; nullptr for a currency without one, because it is new or because the shop has
    /// more than 32 of them.
    [[nodiscard]] Season* find(const RuleFigure& figure);
    /// The currencies with a season.
    [[nodiscard]] const std::map<std::string, Season>& currencies() const { return revenue_; }

    template <class Archive>
    void serialize(Archive& archive) {
        archive(first_, settled_, events_, conversion_, revenue_);
    }

  private:
    template <typename Visit>
    void each(Visit&& visit);
    void settle(Season::SlotNumber slot, const Traffic& traffic);
    void begin(Season::SlotNumber slot, Timestamp now, const Traffic& traffic);

    model::TimeZone zone_;
    std::optional<Season::SlotNumber> first_;    // the first slot of the shop
    std::optional<Season::SlotNumber> settled_;  // the last slot that was settled
    Season events_{Season::Kind::count};
    Season conversion_{Season::Kind::rate};
    std::map<std::string, Season> revenue_;  // the season of each currency
};

/// Returns the last hour of usual minutes before `end`.
[[nodiscard]] Recent recent(const Traffic& traffic, const RuleFigure& figure, Timestamp end);

}  // namespace millrace::gold
