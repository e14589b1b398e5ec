#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "bronze/record.h"
#include "bronze/record_batch.h"

namespace millrace::bronze {

inline constexpr const char* default_topic = "ecom_clickstream_raw";
inline constexpr int default_partitions = 3;

/// The epoch of a topic whose log does not have epochs.
inline constexpr int unknown_epoch = 0;

/// The offsets that a partition holds, as the half-open range [start, end).
struct OffsetRange {
    Offset start{0};
    Offset end{0};
};

/// The log does not hold the offset to be read: the record was removed, or never written.
class NoSuchOffset : public Error {
  public:
    using Error::Error;
};

/// Reads one partition from an offset on. Not thread-safe. Each reader has its own buffers.
class PartitionReader {
  public:
    virtual ~PartitionReader() = default;

    /// Returns the next records in offset order: about `max_bytes` of them, but at least one, or none if all
    /// published records have been read. The records live until the next poll. Throws an Error that names the
    /// file and the offset if the log is damaged.
    virtual std::span<const Record> poll(std::size_t max_bytes) = 0;

    /// Returns the offset of the record that the next poll begins with.
    [[nodiscard]] virtual Offset next_offset() const = 0;
};

/// This process's membership in a group of workers that share a topic. It decides which partitions the
/// process reads. Thread-safe.
class WorkerGroup {
  public:
    virtual ~WorkerGroup() = default;

    struct Assignment {
        std::uint64_t generation = 0;  ///< grows with each change; 0 before the first assignment
        std::vector<int> partitions;
    };
    [[nodiscard]] virtual Assignment assignment() const = 0;
    /// Returns true if the partitions of `generation` are no longer the assigned ones, or must be given up.
    [[nodiscard]] virtual bool changed(std::uint64_t generation) const = 0;
    /// Reports that this process no longer reads partitions of assignments up to `generation`, so that other
    /// workers may get them.
    virtual void release(std::uint64_t generation) = 0;
    /// Tells the log how far a partition has been processed. Only the log's own lag tools use this.
    virtual void report_progress(int partition, Offset next_offset) = 0;
};

/// One topic of an event log: partitions of records, each with an offset. Thread-safe.
class EventLog {
  public:
    virtual ~EventLog() = default;

    [[nodiscard]] virtual const std::string& topic() const = 0;
    [[nodiscard]] virtual int partitions() const = 0;
    /// Looks for partitions that were added to the topic.
    virtual void look_for_partitions() const {}
    /// Returns a number that is chosen when the topic is created. It tells the topic from a later one of the
    /// same name. It is unknown_epoch if the log does not have epochs.
    [[nodiscard]] virtual int epoch() const = 0;
    [[nodiscard]] virtual OffsetRange offsets(int partition) const = 0;
    /// Returns the last known end offset. Unlike offsets(), it makes no network request while a reader is
    /// active.
    [[nodiscard]] virtual Offset cached_end(int partition) const { return offsets(partition).end; }

    /// Appends a finished or unfinished batch. Returns the offset of its first record once the batch is
    /// durable.
    virtual Offset append(int partition, RecordBatchBuilder& batch) = 0;

    /// Returns a reader that begins at `offset`. This function or the first poll throws NoSuchOffset if the
    /// log does not hold `offset`. The end offset is allowed.
    [[nodiscard]] virtual std::unique_ptr<PartitionReader> read(int partition, Offset offset) const = 0;

    /// Opens the topic once more, for a log that allows only one reader of a partition at a time: the readers
    /// of the returned log do not disturb those of this one. Returns null for a log that allows any number of
    /// readers.
    [[nodiscard]] virtual std::unique_ptr<EventLog> open_again() const { return nullptr; }

    /// Returns the first offset whose record's timestamp is at or after `timestamp`, or the end offset.
    [[nodiscard]] virtual Offset offset_at(int partition, base::WallTime timestamp) const = 0;

    /// Returns the number of records ever appended to topics of this name. The simulator continues its
    /// numbering from here.
    [[nodiscard]] virtual std::int64_t records_numbered() const = 0;

    /// Joins the workers that share the topic. Returns null if every reader of the log reads all of it.
    [[nodiscard]] virtual std::unique_ptr<WorkerGroup> join(const std::string& /*group*/) const {
        return nullptr;
    }

    /// Returns a counter that grows with every append to the topic by any process.
    [[nodiscard]] virtual std::uint32_t append_sequence() const = 0;
    /// Waits until append_sequence() differs from `seen`, wake() is called, or `limit` has passed.
    virtual void wait_for_append(std::uint32_t seen, std::chrono::microseconds limit) const = 0;
    /// Ends the waits of this and other processes early. They find no new records and wait again.
    virtual void wake() const = 0;
};

/// Calls `visit` with each record of a partition that the range has, in offset order.
template <typename Visit>
void visit_records(const EventLog& log, int partition, const OffsetRange& range, const Visit& visit) {
    constexpr std::size_t poll_bytes = std::size_t{1} << 20U;
    const auto reader = log.read(partition, range.start);
    for (auto records = reader->poll(poll_bytes); !records.empty(); records = reader->poll(poll_bytes)) {
        for (const Record& record : records) {
            if (record.offset >= range.end) return;
            visit(record);
        }
        if (records.back().offset + 1 >= range.end) return;
    }
}

}  // namespace millrace::bronze
