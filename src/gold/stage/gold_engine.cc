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
    watermark_ = no_watermark;
    newest_ = {};
}

void GoldEngine::load(std::istream& stream, Timestamp watermark) {
    gold_->withdraw_uncommitted();
    gold_->load(stream);
    watermark_ = watermark;
}

void GoldEngine::add(const Events& events) {
    gold_->withdraw_uncommitted();
    gold_->add(events);
    newest_ = std::max(newest_, events.newest);
}

void GoldEngine::finish_commit(const storage::Commit& commit, Output& closed) {
    gold_->withdraw_uncommitted();
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
    gold_->withdraw_uncommitted();
    watermark_ = std::max(watermark_, watermark);
    gold_->close(watermark_, closed);
}

}  // namespace millrace::gold
