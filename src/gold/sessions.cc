#include "gold/sessions.h"

#include <algorithm>

#include "gold/visit/entry.h"

namespace millrace::gold {

namespace {

constexpr std::size_t usual_steps = 4;
constexpr std::size_t min_room_to_free = 10'000;
/// From this number on, two threads work on the sessions that end together.
constexpr std::size_t many_sessions = 1'000;
constexpr std::size_t max_spares = 50'000;
constexpr std::size_t max_spare_steps = 16;

}  // namespace

/// An event before the watermark may belong to a closed session. Only an event near an open session is known
/// not to.
bool Sessions::is_too_late(const GroupKey& key, Timestamp time) const {
    if (time >= closed_) return false;
    const auto found = visits_.find(key);
    if (found == visits_.end() || time < found->second.sealed) return true;
    return std::ranges::none_of(found->second.steps, [&](const Step& step) {
        return std::chrono::abs(step.time - time) < gap_of(key);
    });
}

void Sessions::set_first(Visit& visit, Timestamp first) {
    if (visit.first != end_of_time) {
        const auto found = firsts_.find(minutes_since_1970(visit.first));
        if (--found->second == 0) firsts_.erase(found);
    }
    visit.first = first;
    if (first != end_of_time) ++firsts_[minutes_since_1970(first)];
}

void Sessions::remember() {
    Operator::remember();
    remembered_.emplace();
}

/// Copies a visit before it changes for the first time.
void Sessions::remember_visit(const GroupKey& key) {
    const auto [copy, is_first] = remembered_->try_emplace(key);
    if (!is_first) return;
    if (const auto found = visits_.find(key); found != visits_.end()) copy->second = found->second;
}

void Sessions::restore() {
    Operator::restore();
    for (; !remembered_due_.empty(); remembered_due_.pop_back()) {
        const auto due = due_.find(remembered_due_.back());
        due->second.pop_back();
        if (due->second.empty()) due_.erase(due);
    }
    for (auto& [key, before] : *remembered_) {
        const auto found = visits_.find(key);
        set_first(found->second, before ? before->first : end_of_time);
        if (before) {
            found->second = std::move(*before);
        } else {
            visits_.erase(found);
        }
    }
    remembered_.reset();
}

void Sessions::add(const std::vector<Event>& events) {
    for (const Event& event : events) {
        const GroupKey key{event.user, event.session};
        if (is_too_late(key, event.time)) {
            count_late();
            continue;
        }
        if (remembered_) remember_visit(key);
        Visit& visit = visits_[key];
        if (event.time < visit.first) {
            set_first(visit, event.time);
            // No session with this event can be complete before this time.
            schedule(std::min(event.time + gap_of(key), zone_.day_start(zone_.day_of(event.time) + 1)), key);
        }
        visit.sorted &= visit.steps.empty() || visit.steps.back().time < event.time;
        if (visit.steps.empty()) visit.steps = empty_steps();
        if (visit.steps.size() == 1) visit.steps.reserve(usual_steps);  // many sessions have only one step
        visit.steps.push_back({event.time, event.price, event.quantity, event.kind, event.bot, event.product,
                               event.page, event.device, event.currency, event.order, event.entry});
    }
}

std::vector<Step> Sessions::empty_steps() {
    if (spare_.empty()) return {};
    std::vector<Step> steps = std::move(spare_.back());
    spare_.pop_back();
    return steps;
}

void Sessions::recycle(std::vector<Step> steps) {
    if (spare_.size() >= max_spares || steps.capacity() > max_spare_steps) return;
    steps.clear();
    spare_.push_back(std::move(steps));
}

Sessions::PurchaseChannels Sessions::channels_of(const std::vector<Event>& events) {
    std::vector<const Event*> purchases;
    for (const Event& event : events) {
        if (event.has_order() && is_purchase(event.kind)) purchases.push_back(&event);
    }
    std::ranges::sort(purchases, {},
                      [](const Event* each) { return std::tuple(each->user, each->session, each->time); });
    PurchaseChannels channels;
    for (auto from = purchases.begin(); from != purchases.end();) {
        const GroupKey key{(*from)->user, (*from)->session};
        const auto to = std::find_if(from, purchases.end(), [&key](const Event* each) {
            return GroupKey{each->user, each->session} != key;
        });
        add_channels(key, {from, to}, channels);
        from = to;
    }
    return channels;
}

/// Adds the channels of purchases of one visit, which are in the order of time.
void Sessions::add_channels(const GroupKey& key, std::span<const Event* const> purchases,
                            PurchaseChannels& channels) {
    const auto found = visits_.find(key);
    if (found == visits_.end()) return;
    found->second.sort();
    each_session(key, found->second, [&](const Part& part) {
        const auto first = std::ranges::find_if(part.steps, [](const Step& step) { return step.entry != 0; });
        const Timestamp known = first == part.steps.end() ? end_of_time : first->time;
        const StringId entry = Session(strings(), key, part.steps).entry();
        const Channel channel = channel_named(Entry::of(text(Field::entry, entry)).channel);
        const Timestamp end = part.steps.back().time;
        for (; !purchases.empty() && purchases.front()->time <= end; purchases = purchases.subspan(1)) {
            const Event& purchase = *purchases.front();
            if (purchase.time < part.steps.front().time) continue;
            channels[purchase.id] = known <= purchase.time ? channel : Channel::unknown;
        }
        return !purchases.empty();
    });
}

void Sessions::move(const Visitors::Move& visit) {
    move(visit, visit.session);
    if (visit.session != 0) move(visit, 0);
    const Distinct::Replacement user{hash(Field::user, visit.from), hash(Field::user, visit.to)};
    funnel_.move(user);
    sources_.move(user);
}

/// Where both visitors have a visit, what is known of closed sessions stays as it is. The day is corrected
/// anyway.
void Sessions::move(const Visitors::Move& visitor, StringId session) {
    const GroupKey to{visitor.to, session};
    const auto found = visits_.find({visitor.from, session});
    if (found == visits_.end()) return;
    Visit moved = std::move(found->second);
    set_first(moved, end_of_time);
    visits_.erase(found);
    const auto [place, is_new] = visits_.try_emplace(to);
    Visit& visit = place->second;
    if (is_new) {
        visit = std::move(moved);
    } else {
        visit.steps.insert(visit.steps.end(), moved.steps.begin(), moved.steps.end());
        visit.sorted = false;
    }
    visit.sort();
    set_first(visit, visit.steps.empty() ? end_of_time : visit.steps.front().time);
    schedule(closed_, to);  // the next close() finds out when it is due
}

/// Sorts by time and then by the order of the funnel, so that steps at the same time count in that order.
void Sessions::Visit::sort() {
    if (sorted) return;
    std::ranges::sort(steps, [](const Step& a, const Step& b) {
        return a.time != b.time ? a.time < b.time : a.kind < b.kind;
    });
    sorted = true;
}

template <typename Take>
void Sessions::each_session(const GroupKey& key, const Visit& visit, Take&& take) const {
    const base::Duration gap = gap_of(key);
    const std::vector<Step>& steps = visit.steps;
    Timestamp chain_start = visit.chain_start;
    bool continues = visit.chained && !steps.empty() && steps.front().time - visit.chain_end < gap;
    for (std::size_t from = 0; from < steps.size();) {
        if (!continues) chain_start = steps[from].time;
        const std::int64_t last_day = std::max(zone_.day_of(steps[from].time), zone_.day_of(chain_start) + 1);
        const Timestamp cut = zone_.day_start(last_day + 1);
        std::size_t to = from + 1;
        while (to < steps.size() && steps[to].time < cut && steps[to].time - steps[to - 1].time < gap) ++to;
        // The session can continue up to the cut, or until the gap has passed.
        const Timestamp sealed = std::min(cut, steps[to - 1].time + gap);
        if (!take(Part{Steps(steps).subspan(from, to - from), chain_start, sealed})) return;
        continues = to < steps.size() && steps[to].time - steps[to - 1].time < gap;
        from = to;
    }
}

/// Closes the sessions of a visit that end at or before `watermark`, and schedules the next check of the
/// visit.
void Sessions::settle(const GroupKey& key, Timestamp watermark) {
    const auto found = visits_.find(key);
    if (found == visits_.end()) return;
    Visit& visit = found->second;
    visit.sort();
    std::size_t closed = 0;
    Timestamp next = end_of_time;
    each_session(key, visit, [&](const Part& part) {
        if (part.sealed > watermark) {
            next = part.sealed;
            return false;
        }
        end(key, part.steps);
        closed += part.steps.size();
        visit.chain_start = part.chain_start;
        visit.chain_end = part.steps.back().time;
        visit.chained = visit.chain_end + gap_of(key) > part.sealed;
        visit.sealed = part.sealed;
        return true;
    });
    visit.steps.erase(visit.steps.begin(), visit.steps.begin() + static_cast<std::ptrdiff_t>(closed));
    set_first(visit, visit.steps.empty() ? end_of_time : visit.steps.front().time);
    if (visit.steps.empty()) {
        next = visit.chain_end + gap_of(key);
        if (!visit.chained || next <= watermark) {
            recycle(std::move(visit.steps));
            visits_.erase(found);
            return;
        }
    }
    schedule(next, key);
}

void Sessions::end(const GroupKey& key, Steps steps) {
    Ended& ended = ended_.emplace_back(key, empty_steps());
    ended.steps.assign(steps.begin(), steps.end());
}

/// Writes the rows of sessions that are over, and meanwhile adds the sessions to the funnel and to the
/// sources.
void Sessions::write_ended(Output& output) {
    std::int64_t late = 0;
    std::vector<std::function<void()>> tasks = {
        [&] {
            for (const auto& [key, steps] : ended_)
                write(key, Session(strings(), key, steps), Session::Outcome::final, output);
        },
        [&] {
            for (const auto& [key, steps] : ended_) {
                const Session session(strings(), key, steps);
                late += funnel_.add(session.start(), session.path()) ? 0 : 1;
                late += session.add_to(sources_) ? 0 : 1;
            }
        }};
    if (ended_.size() < many_sessions) {
        for (const auto& task : tasks) task();
    } else {
        run_(std::move(tasks));
    }
    count_late(late);
    for (Ended& each : ended_) recycle(std::move(each.steps));
    ended_.clear();
}

/// Sessions are closed at whole minutes, so that the result at a watermark does not depend on how often this
/// function was called before.
void Sessions::close(Timestamp watermark, Output& output) {
    const Timestamp reached = watermark - watermark.time_since_epoch() % std::chrono::minutes(1);
    if (reached <= closed_) return;
    while (!due_.empty() && due_.begin()->first <= reached) {
        const auto due = due_.extract(due_.begin());
        for (const GroupKey& key : due.mapped()) settle(key, reached);
        if (ended_.size() >= many_sessions) write_ended(output);
    }
    write_ended(output);
    closed_ = reached;
    // After a backlog, there are far fewer visits than there is room for.
    if (visits_.bucket_count() > std::max(min_room_to_free, 16 * visits_.size())) {
        visits_.rehash(0);
        spare_ = {};
    }
    const Timestamp first_open =
        firsts_.empty() ? end_of_time : Timestamp(std::chrono::minutes(firsts_.begin()->first));
    funnel_.close(std::min(reached, first_open), output);
    sources_.close(std::min(reached, first_open), output);
}

void Sessions::schedule(Timestamp time, const GroupKey& key) {
    const std::int64_t minute =
        minutes_since_1970(time + std::chrono::minutes(1) - std::chrono::microseconds(1));
    const Timestamp due(std::chrono::minutes{minute});
    due_[due].push_back(key);
    if (remembered_) remembered_due_.push_back(due);
}

void Sessions::write(const GroupKey& key, const Session& session, Session::Outcome outcome,
                     Output& output) const {
    session.write(outcome, visitors_.is_new(key.first, session.start(), session.end()),
                  output[Table::sessions].add(zone_.day_of(session.start())));
}

/// Writes the funnel and the sources as if all sessions ended now, and calls `each` for each open session.
template <typename Each>
void Sessions::write_open(Output& output, const Each& each) const {
    Funnel funnel = funnel_;
    Sources sources = sources_;
    for (const auto& [key, open] : visits_) {
        Visit visit = open;
        visit.sort();
        each_session(key, visit, [&](const Part& part) {
            const Session session(strings(), key, part.steps);
            each(key, session);
            funnel.add(session.start(), session.path());
            session.add_to(sources);
            return true;
        });
    }
    funnel.peek(output);
    sources.peek(output);
}

void Sessions::peek(Output& output) const {
    write_open(output, [&](const GroupKey& key, const Session& session) {
        write(key, session, Session::Outcome::open, output);
    });
}

void Sessions::peek_windows(Output& output) const {
    write_open(output, [](const GroupKey&, const Session&) {});
}

void Sessions::mark(Marks& marks) const {
    for (const auto& [key, visit] : visits_) {
        marks.mark(Field::user, key.first);
        marks.mark(Field::session, key.second);
        for (const Step& step : visit.steps) {
            marks.mark(Field::product, step.product);
            marks.mark(Field::page, step.page);
            marks.mark(Field::device, step.device);
            marks.mark(Field::currency, step.currency);
            marks.mark(Field::order, step.order);
            marks.mark(Field::entry, step.entry);
        }
    }
    sources_.mark(marks);
}

}  // namespace millrace::gold
