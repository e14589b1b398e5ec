#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "gold/alerts/alert_rules.h"
#include "gold/events.h"
#include "gold/money_archive.h"
#include "gold/window.h"

namespace millrace::gold {

/// What the whole shop did in some time.
struct ShopFigures {
    struct Revenue {
        std::int64_t purchases = 0;
        model::Money net = 0;

        template <class Archive>
        void serialize(Archive& archive) {
            archive(purchases);
            archive_money(archive, net);
        }
    };

    std::int64_t events = 0;
    std::int64_t views = 0;
    std::int64_t purchases = 0;
    std::map<std::string, Revenue, std::less<>> revenue;  ///< by currency

    void add(const Event& event, std::string_view currency);
    void add(const ShopFigures& other);

    template <class Archive>
    void serialize(Archive& archive) {
        archive(events, views, purchases, revenue);
    }
};

/// The shop's figures by minute of event time, and what they usually are: the trailing baseline. Minutes
/// within which a rule fires are frozen: they are no baseline.
class Traffic {
  public:
    /// What is usual in a window.
    struct Baseline {
        struct Revenue {
            double purchases = 0;
            double net = 0;  ///< in the currency's unit
        };

        std::int64_t minutes = 0;  ///< that it is made from; 0: nothing is known
        double events = 0;
        double views = 0;
        double purchases = 0;
        std::map<std::string, Revenue, std::less<>> revenue;  ///< by currency

        /// Adds the share `minutes` of what happened within `of_minutes`.
        void add(const ShopFigures& figures, std::int64_t minutes, std::int64_t of_minutes);
    };

    void add(const Event& event, std::string_view currency);
    /// Takes it that the minutes before `end` are over; `longest` is the longest window that is asked for.
    void pass(Timestamp end, Timestamp longest);
    /// The first minute that was seen whole.
    [[nodiscard]] Timestamp begins() const { return begins_; }
    /// The first minute that anything was seen of at or after `from`; `to` when there is none before it.
    [[nodiscard]] Timestamp next(Timestamp from, Timestamp to) const;

    [[nodiscard]] ShopFigures in(Window window) const;
    /// From the same hours of the seven days before, of those days that have half of each at least; else from
    /// the last hour of minutes before the window.
    [[nodiscard]] Baseline baseline(Window window) const;
    /// Notes that `rule` is pending or firing, judged over `window`, whose minutes are no baseline while
    /// `frozen`.
    void note(Window window, AlertRule rule, bool frozen);
    /// Whether one of `rules` (a set of bits) was noted within `window`.
    [[nodiscard]] bool is_noted(Window window, unsigned rules) const;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(begins_, settled_, usual_minutes_, minutes_, hours_);
        last_ = nullptr;
    }

  private:
    struct Minute {
        ShopFigures figures;
        unsigned rules = 0;   // a bit for each that was noted
        bool frozen = false;  // no baseline

        template <class Archive>
        void serialize(Archive& archive) {
            archive(figures, rules, frozen);
        }
    };
    struct Hour {
        ShopFigures figures;
        std::int64_t minutes = 0;

        template <class Archive>
        void serialize(Archive& archive) {
            archive(figures, minutes);
        }
    };

    void settle(Timestamp until);
    [[nodiscard]] Hour same_hour(Timestamp hour) const;
    [[nodiscard]] Baseline of_earlier_days(Window window) const;
    [[nodiscard]] Baseline of_last_hour(Window window) const;

    Timestamp begins_ = end_of_time;
    Timestamp settled_ = no_watermark;  // minutes before it are in no window any more
    std::int64_t usual_minutes_ = 0;    // settled ones that aren't frozen
    std::map<Timestamp, Minute> minutes_;
    std::map<Timestamp, Hour> hours_;
    Minute* last_ = nullptr;  // that the event before fell into
    Timestamp last_start_ = 0;
};

constexpr unsigned rule_bit(AlertRule rule) {
    return 1U << static_cast<unsigned>(rule);
}

}  // namespace millrace::gold
