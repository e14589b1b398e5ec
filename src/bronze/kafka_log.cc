#include "bronze/kafka_log.h"

#include <fmt/format.h>

#include <algorithm>

#include "bronze/kafka_group.h"
#include "bronze/kafka_reader.h"

namespace millrace::bronze {

KafkaLog::KafkaLog(KafkaAddress address) : address_(std::move(address)) {
    consumer_.limits = KafkaFetchLimits::for_partitions(default_partitions);
    consumer_.handle = make_kafka_consumer(address_, consumer_.limits);
    look_for_partitions();
}

KafkaLog::~KafkaLog() = default;

void KafkaLog::look_for_partitions() const {
    const std::string doing = fmt::format("opening the topic {}", address_.topic);
    const auto [handle, old_limits] = consumer();
    const KafkaPointer<rd_kafka_topic_t> topic(
        rd_kafka_topic_new(handle.get(), address_.topic.c_str(), nullptr));
    int found = 0;
    ask_kafka(address_, doing, [&] {
        const rd_kafka_metadata_t* answer = nullptr;
        const auto error = rd_kafka_metadata(handle.get(), 0, topic.get(), &answer, kafka_timeout_ms);
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return error;
        const KafkaPointer<const rd_kafka_metadata_t> metadata(answer);
        found = metadata->topics[0].partition_cnt;
        return metadata->topics[0].err;
    });
    {
        const base::MutexLock lock(mutex_);
        if (found <= partitions_) return;
        partitions_ = found;
    }
    const auto limits = KafkaFetchLimits::for_partitions(found);
    if (limits == old_limits) return;
    // Only readers that are created from now on use this consumer.
    Consumer other{make_kafka_consumer(address_, limits), limits};
    const base::MutexLock lock(mutex_);
    std::swap(consumer_, other);  // the lock is released before the old consumer is destroyed
}

KafkaLog::Consumer KafkaLog::consumer() const {
    const base::MutexLock lock(mutex_);
    return consumer_;
}

/// Returns the offset that the broker reports for a time. A time of -1 means the end, and -2 means the start.
/// (Unlike librdkafka's query of the watermarks, this request ends if the broker does not answer.)
Offset KafkaLog::ask_offset(int partition, std::int64_t time) const {
    const KafkaPointer<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(1));
    auto* wanted = rd_kafka_topic_partition_list_add(list.get(), address_.topic.c_str(), partition);
    ask_kafka(address_, fmt::format("asking for the offsets of {} partition {}", topic(), partition), [&] {
        wanted->offset = time;
        const auto error = rd_kafka_offsets_for_times(consumer().handle.get(), list.get(), kafka_timeout_ms);
        return error == RD_KAFKA_RESP_ERR_NO_ERROR ? wanted->err : error;
    });
    return Offset(wanted->offset);
}

OffsetRange KafkaLog::offsets(int partition) const {
    constexpr std::int64_t latest = -1;
    constexpr std::int64_t earliest = -2;
    return {ask_offset(partition, earliest), ask_offset(partition, latest)};
}

Offset KafkaLog::cached_end(int partition) const {
    std::int64_t start = -1;
    std::int64_t end = -1;
    rd_kafka_get_watermark_offsets(consumer().handle.get(), address_.topic.c_str(), partition, &start, &end);
    return end >= 0 ? Offset(end) : offsets(partition).end;
}

Offset KafkaLog::offset_at(int partition, base::WallTime timestamp) const {
    const Offset found = ask_offset(partition, base::to_ms(timestamp));
    return found < Offset(0) ? offsets(partition).end : found;
}

/// Returns the producer, which is created at the first append and lives as long as the log.
KafkaProducer& KafkaLog::producer() {
    const base::MutexLock lock(mutex_);
    if (!producer_) producer_ = std::make_unique<KafkaProducer>(address_);
    return *producer_;
}

Offset KafkaLog::append(int partition, RecordBatchBuilder& batch) {
    return producer().append(partition, batch);
}

std::unique_ptr<PartitionReader> KafkaLog::read(int partition, Offset offset) const {
    const auto on_arrival = [](rd_kafka_t*, void* log) { static_cast<const KafkaLog*>(log)->arrived(); };
    const auto [handle, limits] = consumer();
    return std::make_unique<KafkaReader>(address_, handle, partition, offset, limits, on_arrival,
                                         const_cast<KafkaLog*>(this));
}

std::unique_ptr<WorkerGroup> KafkaLog::join(const std::string& group) const {
    return std::make_unique<KafkaGroup>(address_, group);
}

void KafkaLog::arrived() const {
    {
        const base::MutexLock lock(mutex_);
        ++arrivals_;
    }
    arrival_.notify_all();
}

void KafkaLog::wait_for_append(std::uint32_t seen, std::chrono::microseconds limit) const {
    const auto end = std::chrono::steady_clock::now() + limit;
    const base::MutexLock lock(mutex_);
    while (arrivals_.load() == seen && arrival_.wait_until(mutex_, end)) {
    }
}

std::int64_t KafkaLog::records_numbered() const {
    std::int64_t total = 0;
    for (int p = 0; p < partitions_; ++p) total += offsets(p).end.value();
    return total;
}

}  // namespace millrace::bronze
