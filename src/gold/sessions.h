#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <optional>

#include "gold/funnel.h"
#include "gold/operator.h"
#include "gold/session.h"
#include "gold/sources.h"
#include "gold/visit/channel.h"
#include "gold/visitors/visitors.h"

namespace millrace::gold {

/// Computes sessions. A session is the events of one user and session_id between which no gap is half an
/// hour or longer; events without a session_id are grouped by user alone. Two settings set the gap with and
/// without a session_id. A session that lasts longer than a whole day is cut: from the second midnight after
/// its start on, each day is a session of its own. So no session is longer than two days, and the batch
/// layer finds the same sessions without reading further back.
///
/// The events of a session are kept until it is closed, so that their order of arrival does not matter. The
/// funnel and the sources are computed from closed sessions.
class Sessions : public Operator {
  public:
    /// `visitors` tells which visitors are new, and must outlive the object. `run` divides the work of many
    /// sessions that end together.
    Sessions(const Strings& strings, const model::TimeZone& zone, const model::GoldOptions& options,
             const Visitors& visitors, RunTasks run)
        : Operator(strings),
          visitors_(visitors),
          run_(std::move(run)),
          zone_(zone),
          gap_(options.session_gap),
          inactivity_(options.inactivity),
          funnel_(zone),
          sources_(strings, zone) {}

    void add(const std::vector<Event>& events) override;
    /// Returns the channel of each purchase of an order among `events`, by its event_id: that of its open
    /// session, as far as the events up to the purchase tell. All of these must have been added.
    using PurchaseChannels = boost::unordered_flat_map<StringId, Channel>;
    [[nodiscard]] PurchaseChannels channels_of(const std::vector<Event>& events);
    void move(const Visitors::Move& visit) override;
    void remember() override;
    void restore() override;
    void close(Timestamp watermark, Output& output) override;
    void peek(Output& output) const override;
    /// Writes only the open windows of the funnel and of sources.
    void peek_windows(Output& output) const;
    [[nodiscard]] std::size_t open_rows() const override { return visits_.size(); }
    void mark(Marks& marks) const override;

    template <class Archive>
    void save(Archive& archive) const;
    template <class Archive>
    void load(Archive& archive);

  private:
    /// The open session of a user and session_id, or several such sessions if the gaps between them may still
    /// be filled by late events.
    struct Visit {
        std::vector<Step> steps;        // the events of sessions that are not closed
        bool sorted = true;             // whether the steps are in the order of time
        Timestamp first = end_of_time;  // time of the earliest step
        Timestamp chain_start;          // start of the session that the last cut divided; valid if `chained`
        Timestamp chain_end;            // time of the last event before that cut; valid if `chained`
        bool chained = false;           // a cut has closed the first part of the session
        Timestamp sealed = no_watermark;  // an event before this time belongs to a closed session

        void sort();
        template <class Archive>
        void serialize(Archive& archive) {
            archive(steps, sorted, first, chain_start, chain_end, chained, sealed);
        }
    };
    using Visits = boost::unordered_flat_map<GroupKey, Visit, GroupKeyHash>;  // by user and session_id

    [[nodiscard]] base::Duration gap_of(const GroupKey& key) const {
        return key.second == 0 ? inactivity_ : gap_;
    }
    [[nodiscard]] bool is_too_late(const GroupKey& key, Timestamp time) const;
    void move(const Visitors::Move& visitor, StringId session);
    void remember_visit(const GroupKey& key);
    void set_first(Visit& visit, Timestamp first);
    void schedule(Timestamp time, const GroupKey& key);
    [[nodiscard]] std::vector<Step> empty_steps();
    void recycle(std::vector<Step> steps);
    void settle(const GroupKey& key, Timestamp watermark);
    void end(const GroupKey& key, Steps steps);
    void write_ended(Output& output);
    void add_channels(const GroupKey& key, std::span<const Event* const> purchases,
                      PurchaseChannels& channels);
    /// A session of a visit.
    struct Part {
        Steps steps;
        Timestamp chain_start;  // the time of the first step of its chain
        Timestamp sealed;       // the watermark at which the session cannot change any more
    };
    /// Calls `take(part)` for each session in the sorted steps, in order, until it returns false.
    template <typename Take>
    void each_session(const GroupKey& key, const Visit& visit, Take&& take) const;
    void write(const GroupKey& key, const Session& session, Session::Outcome outcome, Output& output) const;
    template <typename Each>
    void write_open(Output& output, const Each& each) const;

    /// A session that is over.
    struct Ended {
        GroupKey key;
        std::vector<Step> steps;
    };

    const Visitors& visitors_;
    const RunTasks run_;
    const model::TimeZone zone_;
    const base::Duration gap_;
    const base::Duration inactivity_;
    Timestamp closed_ = no_watermark;
    Visits visits_;
    std::vector<std::vector<Step>> spare_;  // empty, with the memory of visits that ended
    std::vector<Ended> ended_;              // not written yet; empty between calls
    // Keys of visits, by the minute in which they are settled next.
    std::map<Timestamp, std::vector<GroupKey>> due_;
    std::map<std::int64_t, std::int64_t> firsts_;  // number of visits, by the minute of their first step
    Funnel funnel_;
    Sources sources_;
    // The visits as they were before they were used, since remember(); nothing for a new visit.
    std::optional<boost::unordered_flat_map<GroupKey, std::optional<Visit>, GroupKeyHash>> remembered_;
    std::vector<Timestamp> remembered_due_;  // the minutes of due_ that got a key since remember()
};

template <class Archive>
void Sessions::save(Archive& archive) const {
    archive(late(), closed_, funnel_, sources_, visits_.size());
    for (const auto& [key, visit] : visits_) archive(key, visit);
}

template <class Archive>
void Sessions::load(Archive& archive) {
    std::size_t visits = 0;
    serialize_late(archive);
    archive(closed_, funnel_, sources_, visits);
    for (; visits > 0; --visits) {
        std::pair<GroupKey, Visit> entry;
        archive(entry.first, entry.second);
        const Timestamp first = std::exchange(entry.second.first, end_of_time);
        set_first(entry.second, first);
        schedule(closed_, entry.first);  // the next close() finds out when it is due
        visits_.insert(std::move(entry));
    }
}

}  // namespace millrace::gold
