#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "gold/operator.h"
#include "gold/state/money_archive.h"
#include "gold/state/state_archive.h"
#include "gold/visit/channel.h"

namespace millrace::gold {

/// Computes orders: what the events with one order_id add up to. An order takes events until none has come
/// for a period (GoldOptions::order_life), so that a refund weeks later still belongs to it.
///
/// The row of an order belongs to the hour of its first event, and is written when that hour closes. Events
/// that come later do not change what was written. Their orders' days are recomputed instead: the
/// notes have these days, and the batch layer computes them by an object of its own, whose `wanted` are these
/// days.
class Orders : public Operator {
  public:
    /// Tells the channel of the visit of a purchase, up to the purchase.
    using ChannelOf = std::function<Channel(const Event& purchase)>;

    /// Rows of orders that begin outside `wanted` are not computed.
    Orders(const Strings& strings, const model::TimeZone& zone, base::Duration life, Window wanted,
           ChannelOf channel_of)
        : Operator(strings),
          zone_(zone),
          life_(life),
          channel_of_(std::move(channel_of)),
          end_(wanted.end),
          closed_(wanted.start) {}

    /// Adds events of orders, which OrderLedger has judged, and ignores others.
    void add(const std::vector<Event>& events) override;
    void remember() override;
    void restore() override;
    void close(Timestamp watermark, Output& output) override;
    void peek(Output& output) const override;
    [[nodiscard]] std::size_t open_rows() const override { return open_.size(); }
    void mark(Marks& marks) const override;

    /// Note the days whose rows lack these events, which OrderLedger holds back, or which came late. Late
    /// ones must be noted before they are added.
    void note_held(const std::vector<Event>& events);
    void note_late(const std::vector<Event>& events);
    /// Notes the days of orders that the last close() has written without events that OrderLedger holds back:
    /// those whose id's hash is `held`.
    void note_closed(const std::function<bool(std::uint64_t order)>& held);
    /// Returns the days that were noted since the last call, in the shop's time zone.
    [[nodiscard]] std::set<std::int64_t> take_noted();
    /// The number of orders that are kept to find their days.
    [[nodiscard]] std::size_t size() const { return known_.size() + open_.size(); }

    template <class Archive>
    void serialize(Archive& archive) {
        serialize_late(archive);
        archive(closed_, forgotten_, ended_);
        serialize_map(archive, known_);
        serialize_map(archive, open_);
    }

  private:
    /// The times of the first and last event.
    struct Span {
        Timestamp first;
        Timestamp last;

        void add(Timestamp time) {
            first = std::min(first, time);
            last = std::max(last, time);
        }
        template <class Archive>
        void serialize(Archive& archive) {
            archive(first, last);
        }
    };
    struct Order {
        Span span;
        // The event that names the customer: the first purchase, or else the first event.
        Kind kind = Kind::other;
        Timestamp time;
        StringId id = 0;
        StringId user = 0;
        StringId session = 0;
        StringId currency = 0;
        StringId amounts = 0;  // those of the first event that has any
        Timestamp amounts_time;
        Channel channel = Channel::unknown;  // the channel of the purchase that names the customer
        bool cancelled = false;
        bool has_late = false;  // a later event may have counted before a late one came
        std::int64_t lines = 0;
        std::int64_t items = 0;
        std::int64_t repeats = 0;
        model::Money gross = 0;
        model::Money discount = 0;
        model::Money refunded = 0;

        template <class Archive>
        void serialize(Archive& archive) {
            archive(span, kind, time, id, user, session, currency, amounts, amounts_time, channel, cancelled,
                    has_late, lines, items, repeats);
            for (model::Money* money : {&gross, &discount, &refunded}) archive_money(archive, *money);
        }
    };
    [[nodiscard]] bool is_near(const Span& span, Timestamp time) const {
        return span.first - time <= life_ && time - span.last <= life_;
    }
    void take(const Event& event);
    void begin(std::uint64_t hash, const Event& event);
    void add_to(Order& order, const Event& event) const;
    void note_one(const Event& event);
    void note_day(Timestamp time) { noted_.insert(zone_.day_of(time)); }
    void note_far(Timestamp time);
    void write(StringId id, const Order& order, Output& output) const;
    void forget(Timestamp watermark);

    const model::TimeZone zone_;
    const base::Duration life_;
    const ChannelOf channel_of_;
    const Timestamp end_;
    Timestamp closed_;                                      // orders that began before are not open
    Timestamp forgotten_ = no_watermark;                    // when forget() last looked for old orders
    boost::unordered_flat_map<std::uint64_t, Span> known_;  // orders that are not open, by their id's hash
    boost::unordered_flat_map<StringId, Order> open_;
    std::vector<std::pair<StringId, Order>> ended_;  // those whose id another order has taken
    std::vector<std::uint64_t> written_;  // the hashes of the ids that the last close() has written
    std::set<std::int64_t> noted_;
    std::set<std::int64_t> far_;  // the days of which note_far() was called
    // The orders as they were before they were used, since remember(); nothing for a new order.
    std::optional<boost::unordered_flat_map<StringId, std::optional<Order>>> remembered_;
};

}  // namespace millrace::gold
