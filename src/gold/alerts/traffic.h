#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "gold/alerts/alert_rules.h"
#include "gold/events.h"
#include "gold/state/money_archive.h"
#include "gold/state/window.h"

namespace millrace::gold {

/// The figures of the whole shop in one period of event time.
struct ShopFigures {
    std::int64_t events = 0;
    std::int64_t views = 0;
    std::int64_t purchases = 0;
    std::map<std::string, model::Money, std::less<>> net;  ///< net revenue by currency

    void add(const Event& event, std::string_view currency);
    void add(const ShopFigures& other);
    [[nodiscard]] double net_in(std::string_view currency) const;

    template <class Archive>
    void save(Archive& archive) const {
        archive(events, views, purchases, net.size());
        for (auto [currency, money] : net) {
            archive(currency);
            archive_money(archive, money);
        }
    }
    template <class Archive>
    void load(Archive& archive) {
        std::size_t currencies = 0;
        archive(events, views, purchases, currencies);
        for (; currencies > 0; --currencies) {
            std::string currency;
            archive(currency);
            archive_money(archive, net[currency]);
        }
    }
};

/// A set of alert rules, as bits.
using RuleSet = unsigned;
template <typename... Rules>
constexpr RuleSet rule_set(Rules... rules) {
    return ((1U << static_cast<unsigned>(rules)) | ...);
}

/// The figures of the shop by minute of event time, and the rules that were firing then. Minutes in which a
/// rule fires may be frozen for it: they do not say what is usual. Not thread-safe.
class Traffic {
  public:
    void add(const Event& event, std::string_view currency);
    /// Declares that the minutes before `end` are complete. `longest` is the length of the longest window
    /// that is evaluated.
    void pass(Timestamp end, base::Duration longest);
    /// The first complete minute.
    [[nodiscard]] Timestamp begins() const { return begins_; }
    /// Returns the first minute with events in the range, or the end of the range if there is none.
    [[nodiscard]] Timestamp next(Window range) const;

    /// Returns the figures of the window.
    [[nodiscard]] ShopFigures in(Window window) const;
    /// Calls `visit(figures)` for each complete minute of the window that is frozen for none of the rules.
    using VisitMinute = std::function<void(const ShopFigures& minute)>;
    void each_usual(Window window, RuleSet rules, const VisitMinute& visit) const;
    /// The same for the last `count` such minutes before `end`, the latest first.
    void last_usual(Timestamp end, int count, RuleSet rules, const VisitMinute& visit) const;

    /// Notes that `rule` is pending or firing in `window`. If `frozen` is set, its minutes are frozen for the
    /// rule.
    void note(Window window, AlertRule rule, bool frozen);
    /// Returns true if one of `rules` was noted within `window`.
    [[nodiscard]] bool is_noted(Window window, RuleSet rules) const;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(begins_, forgotten_, minutes_);
        last_ = nullptr;
    }

  private:
    struct Minute {
        ShopFigures figures;
        RuleSet noted = 0;
        RuleSet frozen = 0;

        template <class Archive>
        void serialize(Archive& archive) {
            archive(figures, noted, frozen);
        }
    };

    void forget(Timestamp until);

    Timestamp begins_ = end_of_time;
    Timestamp forgotten_ = no_watermark;  // minutes before this time take no events any more
    std::map<Timestamp, Minute> minutes_;
    Minute* last_ = nullptr;  // the minute of the previous event
    Timestamp last_start_;
};

}  // namespace millrace::gold
