#include "gold/stage/gold.h"

#include <array>
#include <cereal/types/array.hpp>
#include <cereal/types/deque.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/vector.hpp>

#include "gold/alerts/alert_archive.h"
#include "gold/state/state_archive.h"

namespace millrace::gold {

Gold::Gold(const model::TimeZone& zone, const model::GoldOptions& options, RunTasks run)
    : run_(std::move(run)),
      products_(strings_, zone),
      categories_(strings_, zone, Table::category_metrics, Field::category, &Event::category),
      devices_(strings_, zone, Table::device_metrics, Field::device, &Event::device),
      kpis_(strings_, zone),
      orders_(strings_, zone, options.order_life, {no_watermark, end_of_time},
              [this](const Event& purchase) {
                  const auto found = channels_.find(purchase.id);
                  return found == channels_.end() ? Channel::unknown : found->second;
              }),
      users_(strings_, zone),
      interest_(strings_, zone, options),
      identities_(strings_, zone),
      visitors_(strings_, options.identity_reach),
      sessions_(strings_, zone, options, visitors_, run_),
      alerts_(strings_, zone) {}

/// The slowest operators come first, so that they start at the same time.
std::vector<Operator*> Gold::operators() {
    std::vector<Operator*> all;
    if (groups_.contains(TableGroup::sessions)) all.push_back(&sessions_);
    if (groups_.contains(TableGroup::windows))
        all.insert(all.end(),
                   {&kpis_, &products_, &users_, &interest_, &categories_, &devices_, &identities_});
    if (groups_.contains(TableGroup::orders)) all.push_back(&orders_);
    return all;
}

std::vector<const Operator*> Gold::operators() const {
    const auto all = const_cast<Gold*>(this)->operators();
    return {all.begin(), all.end()};
}

void Gold::add(const Events& events) {
    add(events, {}, [](Operator&) {}, no_watermark);
}

void Gold::add(const Events& events, const std::vector<Event>& settled, const EventProgress& progress,
               Output& output) {
    const auto close_one = [&](Operator& each) { each.close(progress.watermark, output); };
    add(events, settled, close_one, progress.clock);
}

/// Adds events to the sessions and to the orders, which take their channel from the sessions before these
/// close.
void Gold::add_to_visits(const std::vector<Event>& events) {
    if (groups_.contains(TableGroup::sessions)) {
        sessions_.add(events);
        channels_ = sessions_.channels_of(events);
    }
    if (groups_.contains(TableGroup::orders)) orders_.add(events);
    if (!tell_channel_) return;
    for (const Event& event : events) {
        const auto found = channels_.find(event.id);
        if (found != channels_.end()) tell_channel_(event, found->second);
    }
}

/// Adds events, and lets each operator do what comes `then`.
void Gold::add(const Events& events, const std::vector<Event>& settled,
               const std::function<void(Operator&)>& then, Timestamp clock) {
    std::vector<std::function<void()>> tasks;
    tasks.emplace_back([&] {
        add_to_visits(events.rows);
        add_to_visits(settled);
        for (Operator* each : operators()) {
            if (is_of_visits(*each)) then(*each);
        }
    });
    for (Operator* each : operators()) {
        if (is_of_visits(*each)) continue;
        tasks.emplace_back([each, &events, &settled, &then] {
            each->add(events.rows);
            each->add(settled);
            then(*each);
        });
    }
    if (groups_.contains(TableGroup::windows)) identities_.add(events.links);
    tasks.emplace_back([this, &events, clock] {
        alerts_.add(events.rows);
        alerts_.judge(clock);
    });
    run_(std::move(tasks));
}

void Gold::move(const std::vector<Visitors::Move>& visits) {
    if (visits.empty()) return;
    std::vector<std::function<void()>> tasks;
    for (Operator* each : operators()) {
        tasks.emplace_back([each, &visits] {
            for (const Visitors::Move& visit : visits) each->move(visit);
        });
    }
    run_(std::move(tasks));
}

/// There are few such events, so the operators run one after the other.
void Gold::add_uncommitted(const std::vector<Event>& events) {
    if (!has_uncommitted_) late_committed_ = late();
    for (Operator* each : operators()) {
        if (!has_uncommitted_) each->remember();
        if (!is_of_visits(*each)) each->add(events);
    }
    add_to_visits(events);
    has_uncommitted_ = true;
}

void Gold::withdraw_uncommitted() {
    if (!has_uncommitted_) return;
    for (Operator* each : operators()) each->restore();
    has_uncommitted_ = false;
}

void Gold::close(Timestamp watermark, Output& output) {
    std::vector<std::function<void()>> tasks;
    for (Operator* each : operators())
        tasks.emplace_back([each, watermark, &output] { each->close(watermark, output); });
    run_(std::move(tasks));
}

/// Visits the operators that write these tables; the funnel's is the one of sessions.
void Gold::for_each_of(const TableSet& tables, const std::function<void(const Operator&)>& visit) const {
    const std::array<std::pair<const Operator*, Table>, 9> all = {{{&products_, Table::product_metrics},
                                                                   {&categories_, Table::category_metrics},
                                                                   {&devices_, Table::device_metrics},
                                                                   {&kpis_, Table::kpis},
                                                                   {&orders_, Table::orders},
                                                                   {&users_, Table::users},
                                                                   {&interest_, Table::high_interest},
                                                                   {&identities_, Table::identities},
                                                                   {&sessions_, Table::sessions}}};
    for (const auto& [each, table] : all) {
        if (tables.contains(table)) visit(*each);
    }
}

void Gold::peek(Output& output, const TableSet& tables) const {
    for_each_of(tables, [&output](const Operator& each) { each.peek(output); });
    const bool windows = tables.contains(Table::funnel) || tables.contains(Table::sources);
    if (windows && !tables.contains(Table::sessions)) sessions_.peek_windows(output);
}

std::size_t Gold::open_rows(const TableSet& tables) const {
    std::size_t rows = 0;
    TableSet all = tables;
    if (all.contains(Table::funnel) || all.contains(Table::sources)) all.insert(Table::sessions);
    for_each_of(all, [&rows](const Operator& each) { rows += each.open_rows(); });
    return rows;
}

void Gold::collect_garbage(const std::function<void(Marks&)>& mark_others) {
    if (!strings_.due()) return;
    Marks marks = strings_.marks();
    mark_others(marks);
    for (const Operator* each : operators()) each->mark(marks);
    alerts_.mark(marks);
    visitors_.mark(marks);
    strings_.sweep(marks);
}

std::int64_t Gold::late() const {
    std::int64_t late = 0;
    for (const Operator* each : operators()) late += each->late();
    return late;
}

template <class Archive>
void Gold::serialize(Archive& archive) {
    archive(strings_, clock_, products_, categories_, devices_, kpis_, orders_, users_, interest_,
            identities_, visitors_, sessions_, alerts_);
}

void Gold::save(std::ostream& stream) const {
    save_state(stream, [this](auto& archive) { const_cast<Gold*>(this)->serialize(archive); });
}

void Gold::load(std::istream& stream) {
    load_state(stream, [this](auto& archive) { serialize(archive); });
}

}  // namespace millrace::gold
