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

/// The figures of the whole shop in one period of event time.
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

/// The figures of the shop by minute of event time, and the trailing baseline, which says what is usual.
/// Minutes in which a rule fires are frozen: they are not part of the baseline. Not thread-safe.
class Traffic {
  public:
    /// The usual figures of a window.
    struct Baseline {
        struct Revenue {
            double purchases = 0;
            double net = 0;  ///< net revenue, in units of the currency
        };

        std::int64_t minutes = 0;  ///< number of minutes that the baseline is computed from; 0: no baseline
        double events = 0;
        double views = 0;
        double purchases = 0;
        std::map<std::string, Revenue, std::less<>> revenue;  ///< by currency

        /// Adds the fraction `share` ÷ `of_minutes` of the figures of `of_minutes` minutes.
        void add(const ShopFigures& figures, std::int64_t share, std::int64_t of_minutes);
    };

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
    /// Returns the baseline of the window. It is computed from the same hours of the seven days before, using
    /// the hours of which at least half is known. If there are none, it is computed from the last 60 minutes
    /// before the window.
    [[nodiscard]] Baseline baseline(Window window) const;
    /// Notes that `rule` is pending or firing in `window`. If `frozen` is set, the minutes of the window are
    /// not part of the baseline.
    void note(Window window, AlertRule rule, bool frozen);
    /// Returns true if one of `rules` (a set of bits) was noted within `window`.
    [[nodiscard]] bool is_noted(Window window, unsigned rules) const;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(begins_, settled_, usual_minutes_, minutes_, hours_);
        last_ = nullptr;
    }

  private:
    struct Minute {
        ShopFigures figures;
        unsigned rules = 0;   // a bit for each rule that was noted
        bool frozen = false;  // whether the minute is not part of the baseline

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
    Timestamp settled_ = no_watermark;  // minutes before this time are in no window any more
    std::int64_t usual_minutes_ = 0;    // number of settled minutes that are not frozen
    std::map<Timestamp, Minute> minutes_;
    std::map<Timestamp, Hour> hours_;
    Minute* last_ = nullptr;  // the minute of the previous event
    Timestamp last_start_;
};

constexpr unsigned rule_bit(AlertRule rule) {
    return 1U << static_cast<unsigned>(rule);
}

}  // namespace millrace::gold
