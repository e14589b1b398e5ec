#pragma once

#include <span>

#include "gold/funnel.h"
#include "gold/operator.h"

namespace millrace::gold {

/// Sessions: the events of one user and session_id without a gap of four hours, or those of one user without
/// a session_id and without a gap of half an hour. A session that lasts over a whole day is cut: what happens
/// from the second midnight after its start on is a session for each day. So no session is longer than two
/// days, and the batch layer finds the same ones without reading further back.
///
/// A session's events are kept until it is closed, so that their order of arrival doesn't matter. Closed
/// sessions make up the funnel.
class Sessions : public Operator {
  public:
    Sessions(const Strings& strings, const model::TimeZone& zone, const model::GoldOptions& options)
        : Operator(strings),
          zone_(zone),
          gap_(options.session_gap),
          inactivity_(options.inactivity),
          funnel_(zone) {}

    void add(const std::vector<Event>& events) override;
    void close(Timestamp watermark, Output& output) override;
    void peek(Output& output) const override;
    /// Shows the funnel alone.
    void peek_funnel(Output& output) const;
    void mark(Marks& marks) const override;

    template <class Archive>
    void save(Archive& archive) const;
    template <class Archive>
    void load(Archive& archive);

  private:
    /// What an event says about its session.
    struct Step {
        Timestamp time = 0;
        std::int64_t price = 0;
        std::int32_t quantity = 1;
        Kind kind = Kind::other;
        bool bot = false;
        StringId product = 0;
        StringId page = 0;
        StringId device = 0;
        StringId currency = 0;

        [[nodiscard]] model::Money amount() const { return model::Money{price} * quantity; }
        template <class Archive>
        void serialize(Archive& archive) {
            archive(time, price, quantity, kind, bot, product, page, device, currency);
        }
    };
    using Steps = std::span<const Step>;

    /// The open session of a user and session_id, or several with gaps between them that aren't known to
    /// last.
    struct Visit {
        std::vector<Step> steps;          // of sessions that aren't closed
        bool sorted = true;               // by time
        Timestamp first = end_of_time;    // of the steps
        Timestamp chain_start = 0;        // of what the last cut parted, valid while chained
        Timestamp chain_end = 0;          // likewise: its last event before the cut
        bool chained = false;             // a cut has closed part of it
        Timestamp sealed = no_watermark;  // an event before this belongs to a closed session

        template <class Archive>
        void serialize(Archive& archive) {
            archive(steps, sorted, first, chain_start, chain_end, chained, sealed);
        }
    };
    using Visits = boost::unordered_flat_map<GroupKey, Visit, GroupKeyHash>;  // by user and session_id

    [[nodiscard]] Timestamp gap_of(const GroupKey& key) const { return key.second == 0 ? inactivity_ : gap_; }
    [[nodiscard]] bool is_too_late(const GroupKey& key, Timestamp time) const;
    void set_first(Visit& visit, Timestamp first);
    void wake_at(Timestamp time, const GroupKey& key);
    void settle(const GroupKey& key, Timestamp watermark, Output& output);
    static void sort(Visit& visit);
    /// Calls `take(steps, chain_start, sealed)` for each session in the sorted steps, in order, until it
    /// returns false. From the watermark `sealed` on the session can't change any more.
    template <typename Take>
    void each_session(const GroupKey& key, const Visit& visit, Take&& take) const;
    void write(const GroupKey& key, Steps steps, Output& output) const;
    template <typename Each>
    void show_open(Output& output, const Each& each) const;
    [[nodiscard]] FunnelPath path_of(const GroupKey& key, Steps steps) const;
    [[nodiscard]] std::string_view least(Field field, StringId Step::* member, Steps steps) const;

    const model::TimeZone zone_;
    const Timestamp gap_;
    const Timestamp inactivity_;
    Timestamp closed_ = no_watermark;
    Visits visits_;
    std::map<Timestamp, std::vector<GroupKey>> due_;  // visits by the minute to look at them again
    std::map<Timestamp, std::int64_t> firsts_;        // visits by the minute of their first step
    Funnel funnel_;
};

template <class Archive>
void Sessions::save(Archive& archive) const {
    archive(late(), closed_, funnel_, visits_.size());
    for (const auto& [key, visit] : visits_) archive(key, visit);
}

template <class Archive>
void Sessions::load(Archive& archive) {
    std::size_t visits = 0;
    serialize_late(archive);
    archive(closed_, funnel_, visits);
    for (; visits > 0; --visits) {
        std::pair<GroupKey, Visit> entry;
        archive(entry.first, entry.second);
        const Timestamp first = std::exchange(entry.second.first, end_of_time);
        set_first(entry.second, first);
        wake_at(closed_, entry.first);  // the next close() finds out when
        visits_.insert(std::move(entry));
    }
}

}  // namespace millrace::gold
