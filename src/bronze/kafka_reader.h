#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "bronze/event_log.h"
#include "bronze/kafka_client.h"
#include "bronze/record_bytes.h"

namespace millrace::bronze {

/// Reads one partition of a Kafka topic without a consumer group. It copies the records, because their
/// padding must be readable and because librdkafka's buffers can then be freed at once. Not thread-safe.
class KafkaReader : public PartitionReader {
  public:
    /// Called with `opaque` when records arrive that no poll has waited for.
    using OnArrival = void (*)(rd_kafka_t*, void* opaque);

    /// `handle` may serve only one reader of a partition at a time.
    KafkaReader(const KafkaAddress& address, std::shared_ptr<rd_kafka_t> handle, int partition, Offset offset,
                const KafkaFetchLimits& limits, OnArrival on_arrival, void* opaque);
    ~KafkaReader() override;

    /// Waits for the broker's answer if more records are known to exist, or if it is unknown whether they do.
    std::span<const Record> poll(std::size_t max_bytes) override;
    /// Returns the offset after the last record or, once everything is read, after control records behind it.
    [[nodiscard]] Offset next_offset() const override { return next_offset_; }

  private:
    [[nodiscard]] bool all_read() const;
    void ask_for_more();
    void take(const rd_kafka_message_t& message);
    void add(const rd_kafka_message_t& message);
    [[nodiscard]] std::string doing() const;

    const KafkaAddress address_;
    const std::shared_ptr<rd_kafka_t> handle_;
    const KafkaPointer<rd_kafka_topic_t> topic_;
    const KafkaPointer<rd_kafka_queue_t> queue_;
    const int partition_;
    const std::size_t low_queue_;  // more messages are requested when fewer than this are queued
    Offset next_offset_;
    bool answered_ = false;        // whether the broker has answered this reader
    Offset end_seen_ = no_offset;  // where the broker reported the end of the partition
    std::chrono::steady_clock::time_point asked_;
    std::vector<rd_kafka_message_t*> messages_;
    RecordBytes bytes_;
    std::deque<std::string> headers_;  // encoded as in a record batch
    std::vector<Record> records_;
};

}  // namespace millrace::bronze
