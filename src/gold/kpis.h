#pragma once

#include <array>

#include "gold/operator.h"
#include "gold/purchases.h"
#include "gold/state/window.h"

namespace millrace::gold {

/// The key figures of one window.
struct KeyFigures {
    std::int64_t events = 0;
    Distinct users;
    Distinct sessions;
    Distinct converted;  ///< sessions with a purchase
    Purchases purchases;
    std::int64_t bot_events = 0;
    Distinct bot_users;     ///< users with an event of a bot
    Distinct bot_sessions;  ///< sessions with an event of a bot

    void add(const KeyFigures& other);
    template <class Archive>
    void serialize(Archive& archive) {
        archive(events, users, sessions, converted, purchases, bot_events, bot_users, bot_sessions);
    }
};

/// The key figures of the shop by minute, hour and day. An event is added to its minute. When a minute
/// closes, its figures are added to its hour and day, which works because the offset of a time zone is a
/// whole number of minutes. An event that is late for its minute is added to its hour and day directly.
class Kpis : public Operator {
  public:
    Kpis(const Strings& strings, const model::TimeZone& zone)
        : Operator(strings),
          minutes_(Grain::minute, zone),
          longer_{Windows(Grain::hour, zone), Windows(Grain::day, zone)} {}

    void add(const std::vector<Event>& events) override;
    void move(const Visitors::Move& visit) override;
    void remember() override;
    void restore() override;
    void close(Timestamp watermark, Output& output) override;
    void peek(Output& output) const override;
    [[nodiscard]] std::size_t open_rows() const override {
        return minutes_.size() + longer_[0].size() + longer_[1].size();
    }
    void mark(Marks& marks) const override;

    template <class Archive>
    void serialize(Archive& archive) {
        serialize_late(archive);
        archive(minutes_);
        for (Windows& windows : longer_) archive(windows);
    }

  private:
    using Windows = GroupedWindows<KeyFigures>;

    void count(KeyFigures& figures, const Event& event) const;
    void write(Output& output, const Windows& windows, Window window, const Windows::Cells& cells) const;

    Windows minutes_;
    std::array<Windows, 2> longer_;
};

}  // namespace millrace::gold
