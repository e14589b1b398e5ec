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
    : options_(settings.gold), zone_(settings.time_zone), pool_(pool) {
    reset();
}

void GoldEngine::reset() {
    gold_ = std::make_unique<Gold>(zone_, options_, [this](auto tasks) { pool_.run_all(std::move(tasks)); });
    lines_ = std::make_unique<OrderLines>(gold_->strings(), options_.order_repeats);
    ++withdrawals_;
    watermark_ = no_watermark;
    newest_ = {};
}

void GoldEngine::load(std::istream& stream, Timestamp watermark) {
    withdraw_shown();
    gold_->load(stream);
    lines_->load(stream);
    watermark_ = watermark;
}

void GoldEngine::save(std::ostream& stream) {
    withdraw_shown();
    gold_->save(stream);
    lines_->save(stream);
}

/// The alert rules do not wait for lines to settle.
void GoldEngine::add(Events& events) {
    withdraw_shown();
    alerts().add(lines_->hold(events.rows));
    gold_->add(events);
    newest_ = std::max(newest_, events.newest);
}

void GoldEngine::show_held() {
    if (!gold_->has_uncommitted()) gold_->add_uncommitted(lines_->show());
}

void GoldEngine::add_uncommitted(std::vector<Event>& events) {
    show_held();
    lines_->mark_shown(events);
    gold_->add_uncommitted(events);
}

void GoldEngine::withdraw_shown() {
    if (!gold_->has_uncommitted()) return;
    gold_->withdraw_uncommitted();
    ++withdrawals_;
}

std::vector<Timestamp> GoldEngine::take_displaced() {
    if (watermark_ == no_watermark) return {};
    return lines_->take_displaced(watermark_, zone_);
}

void GoldEngine::collect_garbage() {
    gold_->collect_garbage([this](Marks& marks) { lines_->mark(marks); });
}

void GoldEngine::finish_commit(const storage::Commit& commit, Output& closed) {
    withdraw_shown();
    const auto partitions = catalog::read_status(commit);
    observe(partitions);
    const Timestamp clock = gold_->clock().at(commit.timestamp);
    if (clock != no_watermark) close(clock - options_.lateness, closed);
    alerts().judge(clock);
    if (!partitions.empty()) alerts().judge(health_of(partitions, newest_));
    newest_ = {};
}

void GoldEngine::finish_rows(Timestamp left, Output& closed) {
    const Timestamp clock = gold_->clock().at(base::WallTime());
    if (clock == no_watermark) return;
    close(std::min(left, clock - options_.lateness), closed);
    alerts().judge(std::min(left, clock));
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

void GoldEngine::close(Timestamp watermark, Output& closed) {
    withdraw_shown();
    watermark_ = std::max(watermark_, watermark);
    gold_->add_to_operators(lines_->settle(settled_before(watermark_)));
    gold_->close(watermark_, closed);
}

}  // namespace millrace::gold
