#include "silver/stage/silver_stage.h"

#include <algorithm>
#include <iterator>
#include <numeric>

#include "base/clock.h"
#include "base/log.h"

namespace millrace::silver {

namespace {

constexpr auto max_follow_wait = std::chrono::milliseconds(200);
constexpr auto held_back_pause = std::chrono::microseconds(500);

std::size_t processors() {
    return std::max(1U, std::thread::hardware_concurrency());
}

/// One lane more than there are processors keeps them busy while a lane waits for the others at the end of a
/// batch.
std::size_t lane_count(const SilverOptions& options, int partitions) {
    const std::size_t wanted = options.lanes > 0 ? static_cast<std::size_t>(options.lanes) : processors() + 1;
    return std::min(wanted, static_cast<std::size_t>(partitions));
}

}  // namespace

SilverStage::SilverStage(BatchSink& sink, const bronze::EventLog& log, const model::ShopSettings& settings,
                         SilverOptions options, base::WorkerPool& pool, Followers followers)
    : sink_(sink),
      log_(log),
      settings_(settings),
      options_(std::move(options)),
      pool_(pool),
      memory_(settings.rules, options_.dedupe_bytes, options_.horizon, log.partitions()),
      uncommitted_(followers.uncommitted),
      partitions_(log),
      trigger_(options_.trigger, options_.available_now),
      data_loss_(options_.continue_on_data_loss),
      committer_(sink, {log, settings, memory_.types, memory_.ids, memory_.horizon, columns_}, partitions_,
                 pool, followers.commits) {
    if (!options_.available_now && options_.trigger > base::Duration() &&
        options_.trigger < BatchTrigger::shortest_usual)
        spdlog::warn(
            "silver: a trigger of {} ms makes up to {} commits a second, each with files of its own, which "
            "slows other readers of the table down; figures are live at any trigger",
            options_.trigger / std::chrono::milliseconds(1), BatchTrigger::shortest_usual / options_.trigger);
    partitions_.grow_to(log.partitions());
    std::vector<int> all(static_cast<std::size_t>(partitions_.size()));
    std::iota(all.begin(), all.end(), 0);
    if (options_.available_now) {
        for (const int p : all) partitions_.at(p).end = log.offsets(p).end;
    }
    make_lanes(all);
}

SilverStage::~SilverStage() {
    end_lanes();
}

/// Creates lanes for these partitions. The partitions that other workers read do not hold the horizon back.
void SilverStage::make_lanes(const std::vector<int>& partitions) {
    partitions_.set_ours(partitions);
    for (int p = 0; p < partitions_.size(); ++p) memory_.horizon.set_caught_up(p, true);
    for (const int p : partitions) memory_.horizon.set_caught_up(p, false);
    lanes_.clear();
    const std::size_t lanes = lane_count(options_, static_cast<int>(partitions.size()));
    const auto share_of = [lanes](std::int64_t whole) {
        return std::max<std::int64_t>(1, whole / static_cast<std::int64_t>(std::max<std::size_t>(lanes, 1)));
    };
    const LaneLimits limits{.rows = share_of(options_.batch_rows), .bytes = share_of(options_.batch_bytes)};
    for (std::size_t lane = 0; lane < lanes; ++lane) {
        std::vector<int> group;
        for (std::size_t i = lane; i < partitions.size(); i += lanes) group.push_back(partitions[i]);
        lanes_.push_back(std::make_unique<Lane>(
            LaneContext{log_, settings_, memory_.types, memory_.ids, memory_.horizon, columns_, uncommitted_},
            std::move(group), limits));
    }
    barrier_.reset(lanes_.size());
}

/// Creates new lanes and drops the uncommitted work of the previous ones, which have ended.
void SilverStage::renew_lanes(const std::vector<int>& partitions) {
    active_ = false;
    memory_.ids.roll_back();
    // The broker that answered may know fewer partitions than the group does.
    const int known =
        std::max(log_.partitions(), partitions.empty() ? 0 : *std::ranges::max_element(partitions) + 1);
    partitions_.grow_to(known);
    memory_.horizon.grow_to(known);
    make_lanes(partitions);
}

/// Lets a lane continue where the table's progress in the partition ends.
void SilverStage::assign(Lane& lane, int partition) {
    catalog::PartitionProgress progress = sink_.progress(partition);
    const bronze::Offset committed = progress.next_offset;
    progress = data_loss_.resume(log_, partition, progress);
    PartitionTracker::State& state = partitions_.at(partition);
    lane.assign({partition, sink_.identity().epoch, committed, progress,
                 sink_.quarantined(partition, committed), state.end});
    state.committed = committed;
    state.skipped = progress.skipped;
    state.copies_in_table = 0;
    state.read = progress.next_offset;
    if (progress.received > 0) assignment_.report_progress(partition, progress.next_offset);
}

/// Resumes from the newest snapshot of the table. No lane may be working.
void SilverStage::resume() {
    for (const auto& lane : lanes_) lane->close_readers();
    if (uncommitted_ != nullptr) uncommitted_->clear();
    sink_.refresh();
    std::vector<int> ours;
    for (const auto& lane : lanes_)
        ours.insert(ours.end(), lane->partitions().begin(), lane->partitions().end());
    if (data_loss_.requires_new_epoch(log_, sink_.snapshot(), ours)) {
        sink_.begin_epoch();
        sink_.refresh();
    }
    const std::int64_t loaded =
        memory_.load(sink_, settings_.dedupe_scope, [this](int p) { return partitions_.is_ours(p); }, pool_);
    for (const auto& lane : lanes_) {
        for (const int partition : lane->partitions()) assign(*lane, partition);
    }
    // The ids of a backlog need room. Reserving a sixth of the budget at once is faster than growing step by
    // step.
    const std::int64_t affordable = options_.dedupe_bytes / 6 / IdSet::bytes_per_id;
    memory_.ids.reserve(static_cast<std::size_t>(loaded + std::min(partitions_.lag(), affordable)));
}

void SilverStage::run(const base::StopSignal& stop) {
    const std::string& table = sink_.snapshot().metadata.id;
    if (!options_.available_now)
        assignment_.join(log_.join(options_.group.empty() ? "millrace-" + table : options_.group));
    try {
        if (!assignment_.is_shared() || take_assignment(stop)) {
            do {
                resume();
                start_lanes();
            } while (loop_until_lost(stop));
        }
    } catch (...) {
        end_lanes();
        assignment_.leave();
        throw;
    }
    end_lanes();
    assignment_.leave();
}

/// Gives up the previous assignment and creates lanes for the next one. Returns false if `stop` is requested
/// while it waits.
bool SilverStage::take_assignment(const base::StopSignal& stop) {
    const auto ours = assignment_.take(stop);
    if (!ours) return false;
    if (std::ranges::any_of(*ours, [this](int p) { return p >= log_.partitions(); }))
        log_.look_for_partitions();
    renew_lanes(*ours);
    return true;
}

/// Runs loop(). Returns true if the lanes must start again because the log has removed records before they
/// were read.
bool SilverStage::loop_until_lost(const base::StopSignal& stop) {
    try {
        loop(stop);
        return false;
    } catch (const bronze::NoSuchOffset& lost) {
        if (!data_loss_.tolerates_another()) throw;
        spdlog::warn("silver: {}", lost.what());
        end_lanes();
        std::vector<int> partitions;
        for (const auto& lane : lanes_) std::ranges::copy(lane->partitions(), std::back_inserter(partitions));
        std::ranges::sort(partitions);
        renew_lanes(partitions);
        return true;
    }
}

void SilverStage::loop(const base::StopSignal& stop) {
    trigger_.restart(std::chrono::steady_clock::now());
    for (;;) {
        const Seal reason = wait_until_due(stop);
        std::vector<LanePart> parts = seal();
        if (reason == Seal::next) barrier_.open_next();
        const bool given_up = commit(parts) == BatchCommitter::Result::given_up;
        if (given_up)
            spdlog::info(
                "silver: this batch is given up because another writer has committed or files were removed");
        if (reason == Seal::reassigned) {
            end_lanes();
            if (!take_assignment(stop)) return;
            resume();
            start_lanes();
            continue;
        }
        if (!given_up && reason != Seal::next) return;
        if (given_up && reason == Seal::stopped) return;  // no record is lost, since the log still has them
        if (given_up) {
            if (reason == Seal::next) seal();
            memory_.ids.roll_back();
            resume();
            barrier_.open_next();
        }
    }
}

std::vector<LanePart> SilverStage::seal() {
    barrier_.seal();
    log_.wake();
    auto parts = barrier_.take_parts();
    if (uncommitted_ != nullptr) uncommitted_->begin_batch();
    return parts;
}

BatchCommitter::Result SilverStage::commit(std::vector<LanePart>& parts) {
    const auto result = committer_.commit(parts, barrier_.sealed_batch());
    if (uncommitted_ != nullptr && result == BatchCommitter::Result::given_up) uncommitted_->clear();
    if (result != BatchCommitter::Result::committed) return result;
    data_loss_.note_commit();
    trigger_.note_commit(std::chrono::steady_clock::now());
    assignment_.report_progress(parts);
    if (uncommitted_ != nullptr) uncommitted_->note_commit();
    if (uncommitted_ != nullptr && !uncommitted_->is_open()) {
        // Gold does not follow yet, so nobody else removes the rows of the commit.
        const storage::Snapshot& table = sink_.snapshot();
        uncommitted_->remove_committed([&](const std::string& id) { return table.txn(id, 0); });
    }
    return result;
}

void SilverStage::start_lanes() {
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
        threads_.emplace_back([this, i] {
            try {
                lane_loop(*lanes_[i], i);
            } catch (...) {
                barrier_.fail(std::current_exception());
            }
        });
    }
    active_ = true;
}

void SilverStage::end_lanes() {
    barrier_.end();
    log_.wake();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
}

void SilverStage::lane_loop(Lane& lane, std::size_t index) {
    std::uint32_t batch = barrier_.batch();
    for (;;) {
        const std::uint32_t seen = log_.append_sequence();
        if (barrier_.ended()) return;
        if (barrier_.sealing()) {
            if (!barrier_.deliver(index, lane.take())) return;
            batch = barrier_.batch();
            continue;
        }
        const std::size_t processed = lane.step(batch);
        for (const int p : lane.partitions()) partitions_.at(p).read = lane.next_offset(p);
        if (processed > 0) {
            barrier_.add_rows(static_cast<std::int64_t>(processed));
            if (lane.full()) barrier_.wait_for_seal(BatchBarrier::Wait::full);
            continue;
        }
        if (lane.moved()) barrier_.note_moved();
        if (options_.available_now && lane.finished()) {
            barrier_.wait_for_seal(BatchBarrier::Wait::drained);
        } else if (lane.held_back()) {
            std::this_thread::sleep_for(held_back_pause);
        } else {
            log_.wait_for_append(seen, max_follow_wait);
        }
    }
}

SilverStage::Seal SilverStage::wait_until_due(const base::StopSignal& stop) {
    for (;;) {
        const BatchBarrier::Status batch = barrier_.status();
        if (stop.requested()) return Seal::stopped;
        if (options_.available_now && batch.drained) return Seal::drained;
        if (assignment_.is_lost()) return Seal::reassigned;
        const auto now = std::chrono::steady_clock::now();
        if (trigger_.is_due(batch, now)) return Seal::next;
        barrier_.wait_for_change(batch, trigger_.next_check(now));
    }
}

}  // namespace millrace::silver
