#include "pipeline/silver_stage.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <set>

#include "base/log.h"
#include "storage/file_stats.h"

namespace millrace::pipeline {

namespace {

constexpr auto follow_limit = std::chrono::milliseconds(200);
constexpr auto held_back_pause = std::chrono::microseconds(500);
constexpr auto marks_wait = std::chrono::seconds(1);  // before a commit that only passes Kafka's marks
constexpr int most_losses = 10;                       // of records, in a row, before it is given up

std::size_t processors() {
    return std::max(1U, std::thread::hardware_concurrency());
}

/// One lane more than processors keeps them busy while a lane waits for the others at a batch's end.
std::size_t lane_count(const SilverOptions& options, int partitions) {
    const std::size_t wanted = options.lanes > 0 ? static_cast<std::size_t>(options.lanes) : processors() + 1;
    return std::min(wanted, static_cast<std::size_t>(partitions));
}

}  // namespace

SilverStage::SilverStage(BatchSink& sink, const bronze::EventLog& log, const ShopSettings& settings,
                         SilverOptions options, base::WorkerPool& pool)
    : sink_(sink),
      log_(log),
      settings_(settings),
      options_(std::move(options)),
      pool_(pool),
      types_(settings.rules.max_event_types),
      ids_(static_cast<std::size_t>(options_.dedupe_bytes)),
      horizon_(options_.horizon, log.partitions()) {
    grow_to(log.partitions());
    std::vector<int> all(partitions_.size());
    std::iota(all.begin(), all.end(), 0);
    if (options_.available_now) {
        for (const int p : all) at(p).end = log.offsets(p).end;
    }
    make_lanes(all);
}

SilverStage::~SilverStage() {
    end_lanes();
}

void SilverStage::grow_to(int partitions) {
    while (partitions_.size() < static_cast<std::size_t>(partitions)) partitions_.emplace_back();
    horizon_.grow_to(partitions);
}

/// Lanes for these partitions. The others, which other workers read, don't hold the horizon back.
void SilverStage::make_lanes(const std::vector<int>& partitions) {
    for (std::size_t p = 0; p < partitions_.size(); ++p) {
        partitions_[p].ours = false;
        horizon_.set_caught_up(static_cast<int>(p), true);
    }
    lanes_.clear();
    const std::size_t lanes = lane_count(options_, static_cast<int>(partitions.size()));
    const auto share_of = [lanes](std::int64_t whole) {
        return std::max<std::int64_t>(1, whole / static_cast<std::int64_t>(std::max<std::size_t>(lanes, 1)));
    };
    const LaneLimits limits{.rows = share_of(options_.batch_rows), .bytes = share_of(options_.batch_bytes)};
    for (std::size_t lane = 0; lane < lanes; ++lane) {
        std::vector<int> group;
        for (std::size_t i = lane; i < partitions.size(); i += lanes) {
            group.push_back(partitions[i]);
            at(partitions[i]).ours = true;
            horizon_.set_caught_up(partitions[i], false);
        }
        lanes_.push_back(std::make_unique<Lane>(lane_context(), std::move(group), limits));
    }
    parts_.clear();
    parts_.resize(lanes_.size());
}

LaneContext SilverStage::lane_context() {
    return {log_, settings_, types_, ids_, horizon_, columns_};
}

/// Takes up where the table's snapshot says: ids, event types, and each lane's place in its partitions.
void SilverStage::load_state() {
    const base::Stopwatch watch;
    for (const auto& lane : lanes_) lane->close_readers();
    sink_.refresh();
    if (options_.continue_on_data_loss && was_made_anew(log_, sink_.snapshot(), partitions_read())) {
        sink_.begin_epoch();
        sink_.refresh();
    }
    const storage::Snapshot& snapshot = sink_.snapshot();
    std::set<std::string, std::less<>> types;
    for (const auto& [path, add] : snapshot.files) types.emplace(storage::partition_value(add, "event_type"));
    types_.assign(std::move(types));
    const std::int64_t loaded = load_ids(
        sink_.root(), snapshot.files, ids_, horizon_, settings_.dedupe_scope,
        [this](int p) { return reads(p); }, pool_);
    for (const auto& lane : lanes_) {
        for (const int p : lane->partitions()) {
            PartitionProgress progress = sink_.progress(p);
            const bronze::Offset committed = progress.next_offset;
            if (options_.continue_on_data_loss) progress = past_lost_records(log_, p, progress);
            check_same_log(log_, p, progress);
            lane->assign(
                {p, sink_.identity().epoch, committed, progress, sink_.quarantined(p, committed), at(p).end});
            at(p).committed = committed;
            at(p).skipped = progress.skipped;
            at(p).copies_in_table = 0;
            at(p).read = progress.next_offset;
        }
    }
    // A backlog's ids will need room: a sixth of the budget at once saves growing step by step.
    const std::int64_t affordable = options_.dedupe_bytes / 6 / silver::IdSet::bytes_per_id;
    ids_.reserve(static_cast<std::size_t>(loaded + std::min(lag(), affordable)));
    if (loaded > 0)
        spdlog::info("silver: took up at version {}, {} ids in {:.2f} s", snapshot.version, loaded,
                     watch.seconds());
}

std::vector<int> SilverStage::partitions_read() const {
    std::vector<int> read;
    for (const auto& lane : lanes_)
        read.insert(read.end(), lane->partitions().begin(), lane->partitions().end());
    return read;
}

bool SilverStage::reads(int partition) const {
    const std::lock_guard lock(mutex_);
    return partition >= 0 && static_cast<std::size_t>(partition) < partitions_.size() &&
           partitions_[static_cast<std::size_t>(partition)].ours;
}

std::map<int, bronze::Offset> SilverStage::places(std::atomic<bronze::Offset> PartitionState::* place) const {
    const std::lock_guard lock(mutex_);
    std::map<int, bronze::Offset> places;
    for (std::size_t p = 0; p < partitions_.size(); ++p) {
        if (partitions_[p].ours) places[static_cast<int>(p)] = partitions_[p].*place;
    }
    return places;
}

std::int64_t SilverStage::lag() const {
    std::int64_t lag = 0;
    for (const auto& [partition, next] : places(&PartitionState::committed))
        lag += std::max<std::int64_t>(0, log_.end_heard(partition) - next);
    return lag;
}

std::vector<SilverStage::Progress> SilverStage::progress() const {
    std::vector<Progress> all;
    for (const auto& [partition, next] : places(&PartitionState::committed))
        all.push_back({partition, next, std::max(next, log_.end_heard(partition))});
    return all;
}

std::int64_t SilverStage::skipped() const {
    std::int64_t skipped = 0;
    for (const auto& [partition, count] : places(&PartitionState::skipped)) skipped += count;
    return skipped;
}

std::int64_t SilverStage::lag_unread() const {
    std::int64_t lag = 0;
    for (const auto& [partition, next] : places(&PartitionState::read))
        lag += std::max<std::int64_t>(0, log_.offsets(partition).end - next);
    return lag;
}

void SilverStage::run(const base::StopSignal& stop) {
    const std::string& table = sink_.snapshot().metadata.id;
    if (!options_.available_now)
        group_ = log_.join(options_.group.empty() ? "millrace-" + table : options_.group);
    try {
        if (!group_ || take_assignment(stop)) {
            take_up();
            while (loop_until_lost(stop)) take_up();
        }
    } catch (...) {
        end_lanes();
        group_.reset();
        throw;
    }
    end_lanes();
    group_.reset();
}

void SilverStage::take_up() {
    load_state();
    start_lanes();
    active_ = true;
}

/// Gives up the assignment before, and makes lanes for the one that comes. False when stopped while waiting.
bool SilverStage::take_assignment(const base::StopSignal& stop) {
    group_->release(generation_);
    bronze::WorkerGroup::Assignment assignment;
    for (;;) {
        assignment = group_->assignment();
        if (assignment.generation > generation_) break;
        if (stop.wait_for(std::chrono::milliseconds(20))) return false;
    }
    generation_ = assignment.generation;
    const auto& ours = assignment.partitions;
    if (std::ranges::any_of(ours, [this](int p) { return p >= log_.partitions(); }))
        log_.look_for_partitions();
    renew_lanes(ours);
    return true;
}

/// Fresh lanes, without what those before hold: they have ended.
void SilverStage::renew_lanes(const std::vector<int>& partitions) {
    active_ = false;
    ids_.roll_back();
    const std::lock_guard lock(mutex_);
    // The broker that was asked may know of fewer partitions than the group does.
    grow_to(std::max(log_.partitions(), partitions.empty() ? 0 : *std::ranges::max_element(partitions) + 1));
    make_lanes(partitions);
    ending_ = false;
    sealing_ = false;
    ++batch_;
    delivered_ = 0;
    at_end_ = 0;
    full_ = false;
    rows_filling_ = 0;
    moved_ = false;
    failure_ = nullptr;
}

/// True when the lanes are to begin again, after records that the log has removed before they were read.
bool SilverStage::loop_until_lost(const base::StopSignal& stop) {
    try {
        loop(stop);
        return false;
    } catch (const bronze::NoSuchOffset& lost) {
        if (!options_.continue_on_data_loss || ++losses_ > most_losses) throw;
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
    next_trigger_ = std::chrono::steady_clock::now() + options_.trigger;
    for (;;) {
        const Ending ending = wait_until_due(stop);
        std::vector<LanePart> parts = seal();
        if (ending == Ending::no) open_next_batch();
        const bool committed = commit(parts);
        if (!committed)
            spdlog::info("silver: another writer has committed, or files have gone; this batch is given up");
        if (ending == Ending::reassigned) {
            end_lanes();
            if (!take_assignment(stop)) return;
            take_up();
            continue;
        }
        if (committed && ending != Ending::no) return;
        if (!committed && ending == Ending::stopped) return;  // nothing is lost: the log has it
        if (!committed) {
            if (ending == Ending::no) seal();
            start_over();
            open_next_batch();
        }
    }
}

void SilverStage::start_lanes() {
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
        threads_.emplace_back([this, i] {
            try {
                lane_loop(*lanes_[i], i);
            } catch (...) {
                const std::lock_guard lock(mutex_);
                if (!failure_) failure_ = std::current_exception();
                lanes_changed_.notify_all();
            }
        });
    }
}

void SilverStage::end_lanes() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    batch_changed_.notify_all();
    log_.wake();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
}

void SilverStage::lane_loop(Lane& lane, std::size_t index) {
    std::uint32_t batch = 1;
    {
        const std::lock_guard lock(mutex_);
        batch = batch_;
    }
    for (;;) {
        const std::uint32_t seen = log_.appends_seen();
        if (ending_) return;
        if (sealing_.load()) {
            if (!deliver(lane, index)) return;
            const std::lock_guard lock(mutex_);
            batch = batch_;
            continue;
        }
        const std::size_t processed = lane.step(batch);
        for (const int p : lane.partitions()) at(p).read = lane.next_offset(p);
        if (processed > 0) {
            if (rows_filling_.fetch_add(static_cast<std::int64_t>(processed)) == 0 &&
                options_.trigger.count() == 0) {
                {
                    const std::lock_guard lock(mutex_);
                }  // so that the wake-up can't fall between check and wait
                lanes_changed_.notify_all();
            }
            if (lane.full()) wait_for_seal(false);
            continue;
        }
        if (lane.moved()) moved_ = true;
        if (options_.available_now && lane.finished()) {
            wait_for_seal(true);
        } else if (lane.held_back()) {
            std::this_thread::sleep_for(held_back_pause);
        } else {
            log_.wait_for_append(seen, follow_limit);
        }
    }
}

void SilverStage::wait_for_seal(bool at_end) {
    std::unique_lock lock(mutex_);
    if (at_end) {
        ++at_end_;
    } else {
        full_ = true;
    }
    lanes_changed_.notify_all();
    batch_changed_.wait(lock, [this] { return ending_ || sealing_.load(); });
    if (at_end) --at_end_;
}

/// Hands the lane's part over and waits for the next batch; false when the stage ends.
bool SilverStage::deliver(Lane& lane, std::size_t index) {
    LanePart part = lane.take();
    std::unique_lock lock(mutex_);
    parts_[index] = std::move(part);
    ++delivered_;
    lanes_changed_.notify_all();
    // The next batch may be sealed before this thread runs again, so its number tells, not sealing_.
    batch_changed_.wait(lock, [this, delivered = batch_] { return ending_ || batch_ != delivered; });
    return !ending_;
}

SilverStage::Ending SilverStage::wait_until_due(const base::StopSignal& stop) {
    std::unique_lock lock(mutex_);
    for (;;) {
        if (failure_) std::rethrow_exception(failure_);
        if (stop.requested()) return Ending::stopped;
        if (options_.available_now && at_end_ == lanes_.size()) return Ending::drained;
        if (group_ && group_->changed(generation_)) return Ending::reassigned;
        if (full_) return Ending::no;
        const auto now = std::chrono::steady_clock::now();
        if (!options_.available_now) {
            if (options_.trigger.count() == 0 && rows_filling_.load() > 0) return Ending::no;
            if (options_.trigger.count() == 0 && moved_.load() && now >= last_commit_ + marks_wait)
                return Ending::no;
            if (options_.trigger.count() > 0 && now >= next_trigger_) break;
        }
        auto until = now + std::chrono::milliseconds(50);
        if (options_.trigger.count() > 0 && !options_.available_now) until = std::min(until, next_trigger_);
        lanes_changed_.wait_until(lock, until);
    }
    while (next_trigger_ <= std::chrono::steady_clock::now()) next_trigger_ += options_.trigger;
    return Ending::no;
}

std::vector<LanePart> SilverStage::seal() {
    std::unique_lock lock(mutex_);
    sealing_ = true;
    log_.wake();
    batch_changed_.notify_all();
    lanes_changed_.wait(lock, [this] { return failure_ != nullptr || delivered_ == lanes_.size(); });
    if (failure_) std::rethrow_exception(failure_);
    std::vector<LanePart> parts(lanes_.size());
    parts.swap(parts_);
    delivered_ = 0;
    full_ = false;
    rows_filling_ = 0;
    moved_ = false;
    return parts;
}

void SilverStage::open_next_batch() {
    {
        const std::lock_guard lock(mutex_);
        ++batch_;
        sealing_ = false;
    }
    batch_changed_.notify_all();
}

/// Another writer was faster: gives up what is not committed, and continues from the table. The lanes are
/// waiting.
void SilverStage::start_over() {
    ids_.roll_back();
    load_state();
}

/// Looks up what the lanes held back. The lanes are filling the next batch by then, and go on counting
/// without the copies that are found here: so each batch adds those of all before it to the totals.
void SilverStage::settle(std::vector<LanePart>& parts) {
    if (std::ranges::any_of(parts, [](const LanePart& part) { return !part.held.empty(); }))
        settle_held(parts, sink_.root(), sink_.live_files(), lane_context(), pool_);
    for (LanePart& part : parts) {
        for (PartitionPart& partition : part.partitions) {
            std::int64_t& found = at(partition.partition).copies_in_table;
            found += partition.copies_in_table;
            partition.duplicates += partition.copies_in_table;
            partition.end.duplicates += found;
        }
    }
}

bool SilverStage::commit(std::vector<LanePart>& parts) {
    std::uint32_t batch = 0;
    {
        const std::lock_guard lock(mutex_);
        batch = sealing_ ? batch_ : batch_ - 1;
    }
    BatchReport report;
    report.batch = batch;
    report.fill_seconds = clock_.seconds() - fill_started_;
    fill_started_ = clock_.seconds();
    for (const LanePart& part : parts) report.received += part.received();
    const bool moved = std::ranges::any_of(parts, &LanePart::moved);
    if (!moved) return true;
    const base::Stopwatch lookup;
    settle(parts);
    report.lookup_seconds = lookup.seconds();
    if (on_parts_) on_parts_(parts);
    if (!sink_.commit(parts, ids_, report)) return false;
    losses_ = 0;
    if (group_) {
        for (const LanePart& part : parts) {
            for (const PartitionPart& partition : part.partitions)
                group_->tell_progress(partition.partition, partition.end.next_offset);
        }
    }
    ids_.set_committed(batch);
    report_batch(report, parts);
    pass_on(parts, report.version);
    if (ids_.floor_raised()) {
        spdlog::warn(
            "silver: the dedupe memory is full: it holds the ids of events from {} on; each batch reads "
            "those of the horizon before from the table, which is slow (raise --dedupe-memory, or shorten "
            "--horizon)",
            model::format_timestamp(ids_.floor()));
    }
    return true;
}

/// Hands the columns to Gold, or back to the pool.
void SilverStage::pass_on(std::vector<LanePart>& parts, std::int64_t version) {
    if (hand_over_ != nullptr) {
        HandOver::Columns all;
        for (LanePart& part : parts) std::ranges::move(part.files, std::back_inserter(all));
        hand_over_->offer(version, all);
        std::ranges::move(hand_over_->used(), std::back_inserter(all));
        for (auto& columns : all) columns_.give_back(std::move(columns));
        return;
    }
    for (LanePart& part : parts) {
        for (auto& columns : part.files) columns_.give_back(std::move(columns));
    }
}

/// What came into the log since the commit before: what was taken from it, and what more, or less, waits.
void SilverStage::tell_input(BatchReport& report) {
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::duration<double> since = now - std::exchange(last_commit_, now);
    const std::int64_t lag_before = std::exchange(last_lag_, report.lag);
    if (lag_before < 0 || since.count() <= 0) return;
    const auto came = std::max<std::int64_t>(0, report.received + report.lag - lag_before);
    report.input_per_second = static_cast<double>(came) / since.count();
}

void SilverStage::report_batch(BatchReport& report, const std::vector<LanePart>& parts) {
    for (const LanePart& part : parts) {
        for (const PartitionPart& partition : part.partitions) {
            report.duplicates += partition.duplicates;
            report.quarantined += partition.quarantined;
            at(partition.partition).committed = partition.end.next_offset;
            at(partition.partition).skipped = partition.end.skipped;
        }
        for (const silver::QuarantineRow& row : part.quarantine)
            ++report.by_rule[std::string(model::rule_name(row.rule))];
        report.unknown_fields += part.unknown_fields;
    }
    report.silver = report.received - report.duplicates - report.quarantined;
    report.lag = lag();
    tell_input(report);
    report.ids_in_memory = static_cast<std::int64_t>(ids_.size());
    const double busy = std::max(report.fill_seconds, report.lookup_seconds + report.encode_seconds +
                                                          report.quarantine_seconds + report.commit_seconds);
    report.rows_per_second = busy > 0 ? static_cast<double>(report.received) / busy : 0;
    if (on_batch_) on_batch_(report);
}

}  // namespace millrace::pipeline
