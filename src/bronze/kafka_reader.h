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

/// Reads one partition of a Kafka topic, without a consumer group. It copies what it is given, since a
/// record's padding must be readable, and since librdkafka's buffers are then free at once.
class KafkaReader : public PartitionReader {
  public:
    /// `on_arrival` is called, with `opaque`, when records come that no poll has waited for.
    using OnArrival = void (*)(rd_kafka_t*, void* opaque);

    /// `handle` may serve one reader of a partition at a time.
    KafkaReader(const KafkaAddress& address, std::shared_ptr<rd_kafka_t> handle, int partition, Offset offset,
                const KafkaFetchLimits& limits, OnArrival on_arrival, void* opaque);
    ~KafkaReader() override;

    /// Waits for the broker's answer when more records are known, or when it isn't known whether there are.
    std::span<const Record> poll(std::size_t max_bytes) override;
    /// Past the last record's offset, past control records too once all is read.
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
    const std::size_t low_queue_;  // with so few messages waiting more are asked for
    Offset next_offset_;
    bool answered_ = false;  // the broker has answered this reader
    Offset end_seen_ = -1;   // where the broker said that the partition ended
    std::chrono::steady_clock::time_point asked_;
    std::vector<rd_kafka_message_t*> messages_;
    RecordBytes bytes_;
    std::deque<std::string> headers_;  // encoded as in a record batch
    std::vector<Record> records_;
};

}  // namespace millrace::bronze
