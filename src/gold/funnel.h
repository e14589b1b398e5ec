#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>

#include "gold/operator.h"

namespace millrace::gold {

/// Durations, counted by the second below 64 s, and above in 32 bins for each doubling: 3% apart.
class DurationHistogram {
  public:
    /// The lower edge, in seconds, of the bin of a duration in µs.
    static std::int64_t bin(Timestamp duration);

    void add(Timestamp duration) { ++counts_[bin(duration)]; }
    /// The lower edge of the median's bin (of the lower median, where two are in the middle).
    [[nodiscard]] std::optional<std::int64_t> median() const;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(counts_);
    }

  private:
    std::map<std::int64_t, std::int64_t> counts_;  // by lower edge
};

/// How far a session came, for one product after the other: view, then cart, then purchase of that product.
struct FunnelPath {
    std::uint64_t user_hash = 0;
    bool viewed = false;
    bool carted = false;
    bool purchased = false;
    std::vector<Timestamp> to_cart;      ///< of each product that was carted, the time since its first view
    std::vector<Timestamp> to_purchase;  ///< of each that was bought, the time since its cart
    std::int64_t views = 0;              ///< all events, in whatever order
    std::int64_t carts = 0;
    std::int64_t purchases = 0;
};

/// The sessions that began in some time.
struct FunnelSteps {
    std::int64_t sessions = 0;
    std::array<std::int64_t, 3> reached{};  ///< sessions that viewed, carted, purchased
    std::array<Distinct, 3> users;          ///< of those sessions
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

/// The funnel by hour and day of the sessions' start. It is fed with closed sessions.
class Funnel {
  public:
    explicit Funnel(const model::TimeZone& zone);

    /// False when a window of the session's start is closed already.
    bool add(Timestamp session_start, const FunnelPath& path);
    /// Gives out the windows that end at or before `closed`: no session that began in them is open.
    void close(Timestamp closed, Output& output);
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
