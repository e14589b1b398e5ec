#include "bronze/partition_log.h"

#include <fmt/format.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/fail_point.h"
#include "base/log.h"
#include "bronze/varint.h"

namespace millrace::bronze {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void throw_damage(const Segment& segment, Offset offset, std::int64_t position,
                               std::string_view what) {
    throw Error(fmt::format("opening {}", segment.path.string()),
                fmt::format("damaged at offset {} (byte {}): {}", offset, position, what),
                "Restore the file from a backup, or remove the topic and import its events again.");
}

// The pause between two attempts to take a lock that another process holds. Appends hold it for milliseconds.
constexpr std::chrono::microseconds min_pause(50);
constexpr std::chrono::microseconds max_pause(2000);

[[noreturn]] void throw_locked(const fs::path& directory, std::chrono::nanoseconds waited) {
    throw Error(fmt::format("appending to {}", directory.string()),
                fmt::format("another process holds the partition's lock and did not release it in {:.1f} s",
                            std::chrono::duration<double>(waited).count()),
                "Find the process with lslocks. If it is stopped, kill -CONT resumes it.");
}

/// Reports a damaged tail that may hold acknowledged records. The user decides whether to cut it, and can
/// keep a copy.
[[noreturn]] void throw_damaged_tail(const Segment& segment, Offset offset, std::int64_t position,
                                     std::string_view what) {
    throw Error(
        fmt::format("opening {}", segment.path.string()),
        fmt::format("damaged at offset {} (byte {}): {}", offset, position, what),
        fmt::format("Restore the file from a backup. If there is none, keep a copy of the file, then give up "
                    "offset {} and everything after it with: truncate -s {} '{}'",
                    offset, position, segment.path.string()));
}

/// Writes all of `parts` at `position`, in order.
void write_all(const base::File& file, std::vector<iovec> parts, std::int64_t position) {
    std::size_t first = 0;
    while (first < parts.size()) {
        const auto count = std::min<std::size_t>(parts.size() - first, 512);
        auto put = ::pwritev(file.fd(), parts.data() + first, static_cast<int>(count), position);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) throw system_error(fmt::format("appending to {}", file.path().string()), errno);
        position += put;
        for (; first < parts.size() && put >= static_cast<ssize_t>(parts[first].iov_len); ++first) {
            put -= static_cast<ssize_t>(parts[first].iov_len);
        }
        if (put > 0) {
            parts[first].iov_base = static_cast<char*>(parts[first].iov_base) + put;
            parts[first].iov_len -= static_cast<std::size_t>(put);
        }
    }
}

}  // namespace

PartitionLog::PartitionLog(fs::path directory, int partition, HighWatermarks& published, int epoch,
                           SegmentOptions options, LockWait lock_wait)
    : directory_(std::move(directory)),
      partition_(partition),
      published_(published),
      epoch_(epoch),
      options_(options),
      lock_wait_(lock_wait) {
    base::make_directory(directory_);
    lock_file_ = base::File(directory_ / "lock", base::File::Mode::read_write);
}

Offset PartitionLog::append(std::string_view batch) {
    const auto deadline = Clock::now() + lock_wait_.limit;
    Pending own{batch, Offset(0), false, nullptr};
    base::MutexLock lock(mutex_);
    queue_.push_back(&own);
    while (!own.done) {
        if (leading_) {
            committed_.wait(mutex_);
            continue;
        }
        leading_ = true;
        lock.unlock();
        std::vector<Pending*> group;
        const std::exception_ptr failure = write_queue(group, deadline);
        lock.lock();
        settle(std::move(group), own, failure);
        leading_ = false;
        committed_.notify_all();
    }
    if (own.failure) std::rethrow_exception(own.failure);
    return own.base;
}

/// Writes all batches that have queued up by the time the partition's lock is taken, and sets `group` to
/// them. Returns the exception if that fails. If the lock cannot be taken, the group is empty.
std::exception_ptr PartitionLog::write_queue(std::vector<Pending*>& group, Clock::time_point deadline) {
    try {
        lock_until(deadline);
        const std::lock_guard file_lock(lock_file_, std::adopt_lock);
        group = take_queue();
        write_group(group);
        return nullptr;
    } catch (...) {
        return std::current_exception();
    }
}

/// Tells the callers of a group the result. If the partition's lock could not be taken, only `own` fails: a
/// later caller leads next and has more time left.
void PartitionLog::settle(std::vector<Pending*> group, Pending& own, const std::exception_ptr& failure) {
    if (group.empty()) {
        std::erase(queue_, &own);
        group.push_back(&own);
    }
    for (Pending* pending : group) {
        pending->failure = failure;
        pending->done = true;
    }
}

std::vector<PartitionLog::Pending*> PartitionLog::take_queue() {
    const base::MutexLock lock(mutex_);
    return std::exchange(queue_, {});
}

/// Tries to take the lock repeatedly, because flock() has no timeout.
void PartitionLog::lock_until(Clock::time_point deadline) {
    static const base::StopSignal never;
    const base::StopSignal& stop = lock_wait_.stop != nullptr ? *lock_wait_.stop : never;
    const auto start = Clock::now();
    bool stopping = false;
    for (auto pause = min_pause; !lock_file_.try_lock(); pause = std::min(pause * 2, max_pause)) {
        if (Clock::now() >= deadline) throw_locked(directory_, Clock::now() - start);
        if (stopping) {
            std::this_thread::sleep_for(pause);
        } else if (stop.wait_for(pause)) {
            stopping = true;
            deadline = std::min(deadline, Clock::now() + std::chrono::seconds(1));
        }
    }
}

void PartitionLog::recover_if_idle() {
    const base::MutexLock guard(mutex_);
    if (leading_ || !lock_file_.try_lock()) return;
    try {
        catch_up();
    } catch (...) {
        lock_file_.unlock();
        throw;
    }
    lock_file_.unlock();
}

void PartitionLog::write_group(const std::vector<Pending*>& group) {
    if (published_.deleted()) {
        throw Error(fmt::format("appending to {}", directory_.string()),
                    "the topic was deleted in the meantime",
                    "Start the command again to write to the new topic.");
    }
    lock_file_.check_in_place();
    catch_up();
    std::size_t bytes = 0;
    for (const Pending* pending : group) bytes += pending->batch.size();
    const auto first = parse_batch_header(group.front()->batch);
    roll_if_due(bytes, first ? first->max_timestamp : base::WallTime());
    try {
        write_batches(group);
    } catch (...) {
        file_ = base::File();  // the next append recovers the state from the files
        throw;
    }
}

void PartitionLog::write_batches(const std::vector<Pending*>& group) {
    const std::int64_t start = position_;
    std::vector<BatchStart> starts(group.size());
    std::vector<iovec> parts;
    Offset next = next_offset_;
    for (std::size_t i = 0; i < group.size(); ++i) {
        const auto header = parse_batch_header(group[i]->batch);
        if (!header) throw Error("appending a record batch", "it is malformed");
        group[i]->base = next;
        starts[i] = batch_start(next, *header, epoch_);
        next += header->last_offset_delta + 1;
        parts.push_back({starts[i].data(), starts[i].size()});
        const std::string_view rest = group[i]->batch.substr(starts[i].size());
        parts.push_back({const_cast<char*>(rest.data()), rest.size()});
    }
    try {
        base::fail_point("bronze.append.before_write");
        write_all(file_, std::move(parts), start);
        base::fail_point("bronze.append.written");
        file_.sync();
        base::fail_point("bronze.append.synced");
    } catch (...) {
        file_.truncate(start);  // bytes that were not acknowledged must not stay after a failed write or sync
        throw;
    }
    published_.set_end(partition_, next);
    for (const Pending* pending : group) index_batch(*parse_batch_header(pending->batch));
    base::fail_point("bronze.append.published");
}

void PartitionLog::index_batch(const BatchHeader& header) {
    if (position_ == 0) first_timestamp_ = header.base_timestamp;
    if (position_ - indexed_position_ >= index_interval) {
        indexed_position_ = position_;
        try {
            append_index(segment_, {next_offset_, position_, max_timestamp_});
        } catch (const Error& error) {
            spdlog::warn("{} (the index is only a hint, and reading takes longer without it)", error.what());
        }
    }
    position_ += static_cast<std::int64_t>(header.total_bytes());
    next_offset_ += header.last_offset_delta + 1;
    max_timestamp_ = std::max(max_timestamp_, header.max_timestamp);
}

void PartitionLog::catch_up() {
    const bool same_end =
        file_.is_open() && published_.end(partition_) == next_offset_ && file_.size() == position_;
    const bool rolled = position_ > 0 && fs::exists(segment_at(directory_, next_offset_).path);
    if (!same_end || rolled) recover();
}

void PartitionLog::recover() {
    const auto segments = list_segments(directory_);
    const Offset published_end = published_.end(partition_);
    if (segments.empty()) {
        if (published_end > Offset(0)) {
            throw Error(fmt::format("opening {}", directory_.string()),
                        fmt::format("no segment is left, but {} records were synced", published_end),
                        "Restore the folder from a backup, or remove the topic and import its events again.");
        }
        open_segment(Offset(0));
        if (!published_.knows_end(partition_)) published_.set_end(partition_, Offset(0));
        return;
    }
    published_.set_start(partition_, segments.front().base);
    recover_segment(segments.back(), published_end);
    if (next_offset_ < published_end) {
        throw_damage(segment_, next_offset_, position_,
                     fmt::format("the log was synced up to offset {}", published_end));
    }
    const bool known = published_.knows_end(partition_);
    if (next_offset_ > published_end || !known) published_.set_end(partition_, next_offset_);
    enforce_retention();
}

void PartitionLog::recover_segment(const Segment& segment, Offset published_end) {
    file_ = base::File(segment.path, base::File::Mode::read_write);
    segment_ = segment;
    start_before(published_end);
    const std::int64_t size = file_.size();
    BatchScanner scanner(file_, position_);
    while (position_ < size) {
        const auto header = scanner.peek();
        const bool follows = header && header->base_offset == next_offset_ &&
                             position_ + static_cast<std::int64_t>(header->total_bytes()) <= size;
        if (!follows || !batch_crc_matches(*header, scanner.read(*header))) break;
        index_batch(*header);
        scanner.skip(*header);
    }
    if (position_ < size) cut_unfinished_write(published_end);
    file_.sync();
}

/// Starts at the index's last entry before the published end if the log confirms it, or else at the segment's
/// beginning.
void PartitionLog::start_before(Offset published_end) {
    IndexEntry from = entry_before(read_index(segment_, file_.size()), segment_, published_end);
    const auto hinted = BatchScanner(file_, from.position).peek();
    if (!hinted || hinted->base_offset != from.offset) from = {segment_.base, 0, {}};
    position_ = indexed_position_ = from.position;
    next_offset_ = from.offset;
    max_timestamp_ = from.max_timestamp;
    if (const auto first = BatchScanner(file_, 0).peek()) first_timestamp_ = first->base_timestamp;
}

void PartitionLog::cut_unfinished_write(Offset published_end) {
    if (next_offset_ < published_end) {
        throw_damage(segment_, next_offset_, position_,
                     "there is no whole record batch, although it was synced");
    }
    // A segment that an older version began may have batches without an epoch.
    const auto first = BatchScanner(file_, 0).peek();
    const LeaderEpochs epochs = {epoch_, first && position_ > 0 && first->leader_epoch == 0 ? 0 : epoch_};
    if (const auto behind = find_whole_batch(file_, position_, epochs)) {
        throw_damaged_tail(segment_, next_offset_, position_,
                           fmt::format("no batch continues the log there, but a whole one begins at byte {} "
                                       "(offset {}), so this is not an unfinished write",
                                       behind->position, behind->base_offset));
    }
    if (!published_.knows_end(partition_)) {
        throw_damaged_tail(
            segment_, next_offset_, position_,
            "the topic's .published file was lost, so it is unknown whether this was acknowledged");
    }
    spdlog::warn("{}: cut {} bytes of an unfinished write after offset {}", segment_.path.string(),
                 file_.size() - position_, next_offset_);
    file_.truncate(position_);
    base::fail_point("bronze.recover.cut");
}

void PartitionLog::roll_if_due(std::size_t more_bytes, base::WallTime timestamp) {
    if (position_ == 0) return;
    // The records' own timestamps decide, as in Kafka, so that a log with old timestamps does not roll at
    // each append.
    const auto age = timestamp - first_timestamp_;
    const bool full = position_ + static_cast<std::int64_t>(more_bytes) > options_.segment_bytes;
    const bool old = age > options_.segment_age;
    if (!full && !old) return;
    open_segment(next_offset_);
    enforce_retention();
}

void PartitionLog::open_segment(Offset base) {
    segment_ = segment_at(directory_, base);
    file_ = base::File(segment_.path, base::File::Mode::read_write);
    base::fail_point("bronze.roll.created");
    base::sync_directory(directory_);
    base::fail_point("bronze.roll.synced");
    position_ = indexed_position_ = 0;
    next_offset_ = base;
    max_timestamp_ = {};
}

void PartitionLog::enforce_retention() {
    if (options_.retention.count() == 0 && options_.retention_bytes == 0) return;
    auto segments = list_segments(directory_);
    std::int64_t total = 0;
    for (const Segment& segment : segments) total += static_cast<std::int64_t>(fs::file_size(segment.path));
    const base::WallTime oldest =
        base::wall_time() - std::chrono::duration_cast<std::chrono::milliseconds>(options_.retention);
    std::size_t removed = 0;
    for (std::size_t i = 0; i + 1 < segments.size(); ++i) {
        const bool too_old =
            options_.retention.count() > 0 && max_timestamp(segments[i]).value_or(base::WallTime()) < oldest;
        const bool too_much = options_.retention_bytes > 0 && total > options_.retention_bytes;
        if (!too_old && !too_much) break;
        total -= static_cast<std::int64_t>(fs::file_size(segments[i].path));
        published_.set_start(partition_, segments[i + 1].base);
        fs::remove(segments[i].path);
        fs::remove(segments[i].index_path());
        ++removed;
    }
    if (removed > 0) spdlog::debug("{}: retention removed {} segments", directory_.string(), removed);
}

}  // namespace millrace::bronze
