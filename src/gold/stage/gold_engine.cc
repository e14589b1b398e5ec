#include "gold/stage/gold_engine.h"

#include <algorithm>
#include <utility>

namespace millrace::gold {

namespace {

PipelineHealth health_of(const std::vector<catalog::PartitionStatus>& partitions, Timestamp newest) {
    PipelineHealth health{.newest = newest};
    for (const catalog::PartitionStatus& each : partitions) {
        health.committed_at = std::max(health.committed_at, each.committed_at);
        health.partitions.push_back({each.partition, each.received, each.quarantined, each.behind});
    }
    return health;
}

}  // namespace

GoldEngine::GoldEngine(const model::ShopSettings& settings, base::WorkerPool& pool)
    : options_(settings.gold),
      zone_(settings.time_zone),
      pool_(pool),
      changed_(zone_),
      changed_orders_(zone_) {
    reset();
}

void GoldEngine::reset() {
    gold_ = std::make_unique<Gold>(zone_, options_, [this](auto tasks) { pool_.run_all(std::move(tasks)); });
    ledger_ = std::make_unique<OrderLedger>(gold_->strings(), options_.order_repeats);
    pending_.clear();
    changed_ = ChangedTimes(zone_);
    changed_orders_ = ChangedTimes(zone_);
    ++withdrawals_;
    watermark_ = no_watermark;
    newest_ = {};
}

void GoldEngine::load(std::istream& stream, Timestamp watermark) {
    withdraw_shown();
    pending_.clear();
    gold_->load(stream);
    ledger_->load(stream);
    changed_.load(stream);
    changed_orders_.load(stream);
    watermark_ = watermark;
}

void GoldEngine::save(std::ostream& stream) {
    withdraw_shown();
    add_pending();
    gold_->save(stream);
    ledger_->save(stream);
    changed_.save(stream);
    changed_orders_.save(stream);
}

void GoldEngine::learn(const std::vector<Link>& links) {
    gold_->visitors().learn(links);
}

/// A visit goes on as that of the user who logs in.
void GoldEngine::name_visitors(Events& events) {
    Visitors& visitors = gold_->visitors();
    visitors.update(events.links);
    gold_->move(visitors.take_moves());
    const Timestamp closed = settled_before(watermark_);
    for (const Event& event : events.rows) {
        if (event.time < closed) visitors.note_late(event.user, event.time);
    }
    visitors.saw(events.rows);
    visitors.name(events.rows);
}

/// The alert rules do not wait for lines to settle.
void GoldEngine::add(Events& events) {
    withdraw_shown();
    add_pending();
    name_visitors(events);
    const auto held = ledger_->hold(events.rows);
    alerts().add(held);
    gold_->orders().note_held(held);
    gold_->orders().note_late(events.rows);
    newest_ = std::max(newest_, events.newest);
    gold_->clock().advance(events.clocks);
    std::swap(pending_, events);
}

void GoldEngine::add_pending() {
    if (!pending_.empty()) gold_->add(pending_);
    pending_.clear();
}

void GoldEngine::show_held() {
    add_pending();
    if (!gold_->has_uncommitted()) gold_->add_uncommitted(ledger_->show());
}

void GoldEngine::add_uncommitted(std::vector<Event>& events) {
    show_held();
    gold_->visitors().name(events);
    ledger_->mark_shown(events);
    gold_->add_uncommitted(events);
}

void GoldEngine::withdraw_shown() {
    if (!gold_->has_uncommitted()) return;
    gold_->withdraw_uncommitted();
    ++withdrawals_;
}

void GoldEngine::note_changed_days(storage::Version version, LateDays& late) {
    if (watermark_ == no_watermark) return;
    changed_.add(ledger_->take_displaced());
    changed_.add(gold_->visitors().take_changed());
    late.add(changed_.take(watermark_), version, zone_);
    late.add_sessions(gold_->visitors().take_changed_sessions(), version, zone_);
    std::set<std::int64_t> orders = gold_->orders().take_noted();
    changed_orders_.add(gold_->visitors().take_changed_orders());
    for (const Timestamp time : changed_orders_.take(watermark_)) orders.insert(zone_.day_of(time));
    late.add_orders(orders, version);
}

void GoldEngine::collect_garbage() {
    gold_->collect_garbage([this](Marks& marks) {
        ledger_->mark(marks);
        for (const Event& event : pending_.rows) event.mark(marks);
        for (const Link& link : pending_.links) link.mark(marks);
    });
}

void GoldEngine::finish_commit(const storage::Commit& commit, Output& closed) {
    withdraw_shown();
    const auto partitions = catalog::read_status(commit);
    observe(partitions);
    const Timestamp clock = gold_->clock().at(commit.timestamp);
    if (clock == no_watermark) {
        add_pending();
    } else {
        close({.watermark = clock - options_.lateness, .clock = clock}, closed);
    }
    if (!partitions.empty()) alerts().judge(health_of(partitions, newest_));
    newest_ = {};
}

void GoldEngine::finish_rows(Timestamp left, Output& closed) {
    const Timestamp clock = gold_->clock().at(base::WallTime());
    if (clock == no_watermark) return add_pending();
    close({.watermark = std::min(left, clock - options_.lateness), .clock = std::min(left, clock)}, closed);
}

void GoldEngine::finish_table(const storage::Snapshot& silver) {
    const auto partitions = catalog::read_status(silver);
    observe(partitions);
    if (!partitions.empty()) alerts().begin(health_of(partitions, newest_));
    newest_ = {};
}

void GoldEngine::observe(const std::vector<catalog::PartitionStatus>& partitions) {
    for (const catalog::PartitionStatus& each : partitions)
        gold_->clock().observe(each.partition, {each.committed_at, each.behind == 0});
}

void GoldEngine::close(const EventProgress& progress, Output& closed) {
    withdraw_shown();
    watermark_ = std::max(watermark_, progress.watermark);
    gold_->add(pending_, ledger_->settle(settled_before(watermark_)),
               {.watermark = watermark_, .clock = progress.clock}, closed);
    pending_.clear();
    gold_->visitors().forget(watermark_);
    gold_->orders().note_closed([this](std::uint64_t order) { return ledger_->holds(order); });
}

}  // namespace millrace::gold
