#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "bronze/record.h"
#include "bronze/record_batch.h"

namespace millrace::bronze {

inline constexpr const char* default_topic = "ecom_clickstream_raw";
inline constexpr int default_partitions = 3;

/// The epoch of a topic whose log tells none.
inline constexpr int unknown_epoch = 0;

/// The offsets that a partition holds: [start, end).
struct OffsetRange {
    Offset start = 0;
    Offset end = 0;
};

/// The log doesn't hold the offset that is to be read: it was removed, or never written.
class NoSuchOffset : public Error {
  public:
    using Error::Error;
};

/// Reads one partition from an offset on. Not thread-safe; each reader has buffers of its own.
class PartitionReader {
  public:
    virtual ~PartitionReader() = default;

    /// The next records, in offset order, about `max_bytes` of them but at least one; none when all that is
    /// published has been read. The records live until the next poll. Throws an Error that names file and
    /// offset on damage.
    virtual std::span<const Record> poll(std::size_t max_bytes) = 0;

    /// The offset of the record that the next poll begins with.
    [[nodiscard]] virtual Offset next_offset() const = 0;
};

/// This process's membership in a group of workers that share a topic: which partitions it is to read.
/// Thread-safe.
class WorkerGroup {
  public:
    virtual ~WorkerGroup() = default;

    struct Assignment {
        std::uint64_t generation = 0;  ///< grows with each change; 0 before the first assignment
        std::vector<int> partitions;
    };
    [[nodiscard]] virtual Assignment assignment() const = 0;
    /// True when the partitions of `generation` are no longer the assigned ones, or are to be given up.
    [[nodiscard]] virtual bool changed(std::uint64_t generation) const = 0;
    /// Says that nothing is read any more by an assignment up to `generation`: others may now be given its
    /// partitions.
    virtual void release(std::uint64_t generation) = 0;
    /// Tells the log how far a partition has been processed, for its lag tools: nothing here depends on it.
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
    /// Made at the topic's creation: tells a topic from a later one of the same name. unknown_epoch when the
    /// log can't tell.
    [[nodiscard]] virtual int epoch() const = 0;
    [[nodiscard]] virtual OffsetRange offsets(int partition) const = 0;
    /// The partition's end as last heard of: what offsets() says, but without a request to elsewhere where
    /// there is a reader.
    [[nodiscard]] virtual Offset cached_end(int partition) const { return offsets(partition).end; }

    /// Appends a finished or unfinished batch and returns the offset of its first record, once it is durable.
    virtual Offset append(int partition, RecordBatchBuilder& batch) = 0;

    /// A reader that begins at `offset`. It or its first poll throws NoSuchOffset when the log holds no such
    /// offset (end itself is allowed).
    [[nodiscard]] virtual std::unique_ptr<PartitionReader> read(int partition, Offset offset) const = 0;

    /// The first offset whose record's timestamp is at or after `timestamp_ms`, or the end.
    [[nodiscard]] virtual Offset offset_at(int partition, std::int64_t timestamp_ms) const = 0;

    /// Records ever appended to topics of this name: the simulator's numbers go on from here.
    [[nodiscard]] virtual std::int64_t records_numbered() const = 0;

    /// Joins the workers that share the topic; nothing for a log whose every reader reads all of it.
    [[nodiscard]] virtual std::unique_ptr<WorkerGroup> join(const std::string& /*group*/) const {
        return nullptr;
    }

    /// A counter that grows with every append to the topic, by any process.
    [[nodiscard]] virtual std::uint32_t append_sequence() const = 0;
    /// Waits until append_sequence() differs from `seen`, wake() is called, or `limit` has passed.
    virtual void wait_for_append(std::uint32_t seen, std::chrono::microseconds limit) const = 0;
    /// Ends the waits of this process and others early; they find nothing new and wait again.
    virtual void wake() const = 0;
};

}  // namespace millrace::bronze
