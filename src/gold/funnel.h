#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>

#include "gold/operator.h"

namespace millrace::gold {

/// A histogram of durations: bins of one second below 64 s, and 32 bins for each doubling above, which makes
/// them up to 3% wide.
class DurationHistogram {
  public:
    /// Returns the lower edge, in seconds, of the bin for a duration.
    static std::int64_t bin(base::Duration duration);

    void add(base::Duration duration) { ++counts_[bin(duration)]; }
    /// Returns the lower edge, in seconds, of the bin that contains the median (the lower one of two
    /// medians), or nothing if the histogram is empty.
    [[nodiscard]] std::optional<std::int64_t> median() const;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(counts_);
    }

  private:
    std::map<std::int64_t, std::int64_t> counts_;  // number of durations, by the lower edge of the bin
};

/// How far a session came in the funnel. The steps count in this order for the same product: view, then cart,
/// then purchase.
struct FunnelPath {
    std::uint64_t user_hash = 0;
    bool viewed = false;
    bool carted = false;
    bool purchased = false;
    /// For each product that was put into the cart, the time since its first view.
    std::vector<base::Duration> to_cart;
    /// For each product that was bought, the time since it was put into the cart.
    std::vector<base::Duration> to_purchase;
    std::int64_t views = 0;      ///< number of view events, in any order
    std::int64_t carts = 0;      ///< number of cart events, in any order
    std::int64_t purchases = 0;  ///< number of purchase events, in any order
};

/// The funnel of the sessions that began in one window.
struct FunnelSteps {
    std::int64_t sessions = 0;
    std::array<std::int64_t, 3> reached{};  ///< number of sessions that viewed, put into the cart, purchased
    std::array<Distinct, 3> users;          ///< distinct users of the sessions that reached each step
    DurationHistogram to_cart;
    DurationHistogram to_purchase;
    std::int64_t views = 0;
    std::int64_t carts = 0;
    std::int64_t purchases = 0;

    void add(const FunnelPath& path);
    void write(Row row) const;
    template <class Archive>
    void serialize(Archive& archive) {
        archive(sessions, reached, users, to_cart, to_purchase, views, carts, purchases);
    }
};

/// The funnel by the hour and the day in which sessions start. It is computed from closed sessions.
class Funnel {
  public:
    explicit Funnel(const model::TimeZone& zone);

    /// Adds a session. Returns false if a window of its start is already closed.
    bool add(Timestamp session_start, const FunnelPath& path);
    /// Lets a user take the place of another one in the open windows.
    void move(const Distinct::Replacement& user);
    /// Writes the windows that end at or before `closed`, and drops them. No session that began in them may
    /// be open.
    void close(Timestamp closed, Output& output);
    /// Writes the open windows without closing them.
    void peek(Output& output) const;

    template <class Archive>
    void serialize(Archive& archive) {
        for (Windows& windows : grains_) archive(windows);
    }

  private:
    using Windows = GroupedWindows<FunnelSteps>;
    static void write(Output& output, const Windows& windows, Window window, const Windows::Cells& cells);

    std::array<Windows, 2> grains_;
};

}  // namespace millrace::gold
