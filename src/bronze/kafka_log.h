#pragma once

#include <atomic>
#include <memory>
#include <set>

#include "base/clock.h"
#include "base/mutex.h"
#include "bronze/event_log.h"
#include "bronze/kafka_client.h"
#include "bronze/kafka_producer.h"

namespace millrace::bronze {

/// A Kafka topic as the event log. Thread-safe.
class KafkaLog : public EventLog {
  public:
    /// Throws an Error if no broker answers, and a usage Error if the topic does not exist.
    explicit KafkaLog(KafkaAddress address);
    ~KafkaLog() override;

    [[nodiscard]] const std::string& topic() const override { return address_.topic; }
    [[nodiscard]] int partitions() const override { return partitions_; }
    void look_for_partitions() const override;
    /// Kafka's client does not report a topic's identity. find_other_log() in catalog/ detects a topic that
    /// was deleted and created again.
    [[nodiscard]] int epoch() const override { return unknown_epoch; }
    /// Asks the broker. The end is the end of the committed records.
    [[nodiscard]] OffsetRange offsets(int partition) const override;
    [[nodiscard]] Offset cached_end(int partition) const override;
    Offset append(int partition, RecordBatchBuilder& batch) override;
    [[nodiscard]] std::unique_ptr<PartitionReader> read(int partition, Offset offset) const override;
    [[nodiscard]] std::unique_ptr<EventLog> open_again() const override {
        return std::make_unique<KafkaLog>(address_);
    }
    [[nodiscard]] Offset offset_at(int partition, base::WallTime timestamp) const override;
    [[nodiscard]] std::uint32_t append_sequence() const override { return arrivals_.load(); }
    void wait_for_append(std::uint32_t seen, std::chrono::microseconds limit) const override;
    void wake() const override { arrived(); }
    [[nodiscard]] std::int64_t records_numbered() const override;
    [[nodiscard]] std::unique_ptr<WorkerGroup> join(const std::string& group) const override;

  private:
    /// A consumer of the topic, and the limits that it was created with.
    struct Consumer {
        std::shared_ptr<rd_kafka_t> handle;  // the readers share it, one for each partition
        KafkaFetchLimits limits;
    };

    [[nodiscard]] Consumer consumer() const MILLRACE_EXCLUDES(mutex_);
    KafkaProducer& producer() MILLRACE_EXCLUDES(mutex_);
    [[nodiscard]] Offset ask_offset(int partition, std::int64_t time) const;
    void arrived() const;

    const KafkaAddress address_;

    mutable std::atomic<int> partitions_ = 0;
    mutable base::Mutex mutex_;
    mutable Consumer consumer_ MILLRACE_GUARDED_BY(mutex_);
    mutable base::ConditionVariable arrival_;
    mutable std::atomic<std::uint32_t> arrivals_ = 0;
    std::unique_ptr<KafkaProducer> producer_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::bronze
