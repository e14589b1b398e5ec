#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <vector>

#include "gold/alerts/unusual.h"
#include "gold/state/window.h"
#include "model/time_zone.h"

namespace millrace::gold {

/// A figure of the shop in some minutes.
struct Figure {
    double value = 0;
    double per = 0;  ///< for a rate, what the value is counted per, such as the views of purchases

    void add(const Figure& more) {
        value += more.value;
        per += more.per;
    }
    [[nodiscard]] Figure times(double factor) const { return {value * factor, per * factor}; }

    template <class Archive>
    void serialize(Archive& archive) {
        archive(value, per);
    }
};

/// The season of one figure of the shop: what is usual at each time of the week in the shop's time zone. It
/// keeps the figure in slots of ten minutes for five weeks. The expected value of a window is the mean of the
/// same time in the weeks before, smoothed over half an hour, times the present level. The level is the ratio
/// of what came lately to what was expected. The dispersion is learned from how far the season's own
/// expectations were off at that time of the week. docs/alerts.md has the formulas. Not thread-safe.
///
/// The owner calls begin() for each slot, settle() for it an hour later, and compares and remembers windows
/// in between.
class Season {
  public:
    enum class Kind : std::uint8_t { count, rate, money };
    /// The number of a slot since 1970-01-01T00:00Z.
    using SlotNumber = std::int64_t;
    static constexpr base::Duration slot_length = std::chrono::minutes(10);
    [[nodiscard]] static SlotNumber slot_of(Timestamp time) {
        return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch() / slot_length;
    }
    [[nodiscard]] static Timestamp start_of(SlotNumber slot) { return Timestamp(slot * slot_length); }

    explicit Season(Kind kind = Kind::money) : kind_(kind) {}

    [[nodiscard]] bool has_begun(SlotNumber slot) const { return !slots_.empty() && slot < end(); }
    /// Starts a slot. Slots that were left out before it stay unknown. `rough_dispersion` is what the
    /// dispersion is taken for until there is something to learn it from.
    void begin(SlotNumber slot, const model::TimeZone& zone, double rough_dispersion);
    /// Sets the figure of a slot, as the sum of `minutes` usual minutes of it. With fewer than half of its
    /// minutes the slot stays unknown.
    void settle(SlotNumber slot, const Figure& sum, int minutes);

    /// What is usual for a window, according to the season.
    struct Expectation {
        Usual low;   ///< to judge drops
        Usual high;  ///< to judge spikes
        /// The season is known from the days before only, not from weeks.
        bool by_days = false;
    };
    /// What is usual for a window that ends in the last slot that has begun. For a rate, `now.per` is used.
    /// Returns nothing if the time of the week is not known yet.
    [[nodiscard]] std::optional<Expectation> expectation(Window window, const Figure& now) const;
    /// The mean of a slot over the last week.
    [[nodiscard]] double week_mean() const { return week_mean_; }

    /// Notes the figure of a window that ends at a minute of the last slot, as one of its extremes.
    void note_low(const Figure& figure);
    void note_high(double value);
    /// Remembers by how much a usual window that ends with the last slot differed from its expected value.
    void remember(double value, const Usual& expected, bool by_days);

    template <class Archive>
    void serialize(Archive& archive) {
        archive(slots_, profiles_, first_, begins_, learned_, expected_, level_, dispersion_, week_mean_,
                computed_);
    }

  private:
    struct Slot {
        Figure figure;  // scaled to a whole slot
        bool known = false;
        double value = 0;     // the figure of the window that ended with the slot
        double expected = 0;  // its expected value; 0: it was not remembered
        bool by_days = false;
        double lowest = std::numeric_limits<double>::infinity();  // the lowest window that ended in the slot
        double highest = 0;

        template <class Archive>
        void serialize(Archive& archive) {
            archive(figure, known, value, expected, by_days, lowest, highest);
        }
    };
    /// What is usual for a slot before the level is applied.
    struct Profile {
        bool exists = false;
        bool by_days = false;
        Figure base;
        double dispersion = 1;
        std::optional<double> low;
        std::optional<double> high;

        template <class Archive>
        void serialize(Archive& archive) {
            archive(exists, by_days, base, dispersion, low, high);
        }
    };

    [[nodiscard]] const Slot* find(SlotNumber slot) const;
    [[nodiscard]] const Profile* profile_of(SlotNumber slot) const;
    [[nodiscard]] SlotNumber end() const { return first_ + static_cast<SlotNumber>(slots_.size()); }
    [[nodiscard]] std::vector<SlotNumber> same_times(SlotNumber slot, const model::TimeZone& zone,
                                                     bool by_days) const;
    [[nodiscard]] bool is_known_around(SlotNumber slot) const;
    [[nodiscard]] Profile make_profile(SlotNumber slot, const model::TimeZone& zone) const;
    [[nodiscard]] double dispersion_at(const std::vector<SlotNumber>& times, const Figure& base) const;
    void set_extremes(const std::vector<SlotNumber>& times, Profile& profile) const;
    void compute_hourly(double rough_dispersion);
    [[nodiscard]] std::optional<double> usual_dispersion() const;
    void learn_level(const Figure& figure, const Profile& profile);
    void set_level();

    Kind kind_;
    std::deque<Slot> slots_;        // those from first_ on
    std::deque<Profile> profiles_;  // the profiles of the last slots
    SlotNumber first_ = 0;
    SlotNumber begins_ = std::numeric_limits<SlotNumber>::max();  // the first slot ever
    // Sums of values and of their expected ones, which forget the past.
    double learned_ = 0;
    double expected_ = 0;
    double level_ = 1;
    double dispersion_ = 1;  // the usual one of all hours of the week
    double week_mean_ = 0;
    std::optional<SlotNumber> computed_;  // the slot in which these were last computed
};

}  // namespace millrace::gold
