#include "bronze/kafka_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace millrace::bronze {

namespace {

constexpr std::size_t max_messages = 8192;
constexpr int wait_ms = 50;
constexpr auto request_interval = std::chrono::milliseconds(3);
constexpr auto answer_timeout = std::chrono::seconds(60);

std::string headers_of(const rd_kafka_message_t& message) {
    rd_kafka_headers_t* list = nullptr;
    if (rd_kafka_message_headers(&message, &list) != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    std::vector<Header> headers(rd_kafka_header_cnt(list));
    for (std::size_t i = 0; i < headers.size(); ++i) {
        const char* name = nullptr;
        const void* value = nullptr;
        std::size_t size = 0;
        rd_kafka_header_get_all(list, i, &name, &value, &size);
        headers[i] = {name, std::string_view(static_cast<const char*>(value), size)};
    }
    return encode_headers(headers);
}

}  // namespace

KafkaReader::KafkaReader(const KafkaAddress& address, std::shared_ptr<rd_kafka_t> handle, int partition,
                         Offset offset, const KafkaFetchLimits& limits, OnArrival on_arrival, void* opaque)
    : address_(address),
      handle_(std::move(handle)),
      topic_(rd_kafka_topic_new(handle_.get(), address.topic.c_str(), nullptr)),
      queue_(rd_kafka_queue_new(handle_.get())),
      partition_(partition),
      low_queue_(static_cast<std::size_t>(limits.messages) / 2),
      next_offset_(offset) {
    if (rd_kafka_consume_start_queue(topic_.get(), partition, offset.value(), queue_.get()) != 0)
        throw kafka_error(address_, doing(), rd_kafka_last_error());
    rd_kafka_queue_cb_event_enable(queue_.get(), on_arrival, opaque);
    messages_.resize(max_messages);
}

KafkaReader::~KafkaReader() {
    rd_kafka_queue_cb_event_enable(queue_.get(), nullptr, nullptr);
    rd_kafka_consume_stop(topic_.get(), partition_);
}

std::string KafkaReader::doing() const {
    return fmt::format("reading {} partition {} at offset {}", address_.topic, partition_, next_offset_);
}

bool KafkaReader::all_read() const {
    if (end_seen_ == next_offset_) return true;
    if (!answered_) return false;  // the watermarks may come from an earlier reader
    std::int64_t start = 0;
    std::int64_t end = -1;
    rd_kafka_get_watermark_offsets(handle_.get(), address_.topic.c_str(), partition_, &start, &end);
    return end >= 0 && next_offset_ >= Offset(end);
}

/// librdkafka stops fetching for a partition whose queue is full. Up to version 2.1, its broker thread then
/// sleeps up to a second, however fast the queue is read. Any request wakes that thread, so this one is made
/// without waiting for its answer.
void KafkaReader::ask_for_more() {
    if (rd_kafka_version() >= kafka_has_queue_backoff || rd_kafka_queue_length(queue_.get()) >= low_queue_)
        return;
    const auto now = std::chrono::steady_clock::now();
    if (now < asked_ + request_interval || all_read()) return;
    asked_ = now;
    const KafkaPointer<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(list.get(), address_.topic.c_str(), partition_)->offset =
        RD_KAFKA_OFFSET_END;
    rd_kafka_offsets_for_times(handle_.get(), list.get(), 0);
}

std::span<const Record> KafkaReader::poll(std::size_t max_bytes) {
    records_.clear();
    headers_.clear();
    const std::size_t wanted = std::clamp<std::size_t>(max_bytes / 256, 1, max_messages);
    const auto give_up = std::chrono::steady_clock::now() + answer_timeout;
    while (records_.empty()) {
        const ssize_t count = rd_kafka_consume_batch_queue(queue_.get(), 0, messages_.data(), wanted);
        if (count < 0) throw kafka_error(address_, doing(), rd_kafka_last_error());
        const std::span got(messages_.data(), static_cast<std::size_t>(count));
        std::size_t bytes = 0;
        for (const rd_kafka_message_t* message : got)
            bytes += message->len + message->key_len + record_padding;
        bytes_.start(bytes);
        try {
            for (const rd_kafka_message_t* message : got) take(*message);
        } catch (...) {
            for (rd_kafka_message_t* message : got) rd_kafka_message_destroy(message);
            throw;
        }
        for (rd_kafka_message_t* message : got) rd_kafka_message_destroy(message);
        if (count > 0) {
            ask_for_more();
            continue;
        }
        if (all_read()) break;
        if (std::chrono::steady_clock::now() > give_up)
            throw kafka_error(address_, doing(), RD_KAFKA_RESP_ERR__TIMED_OUT, "no answer for a minute");
        // Waits for one message without taking a batch, so that the next batch is complete.
        if (auto* message = rd_kafka_consume_queue(queue_.get(), wait_ms); message != nullptr) {
            const KafkaPointer<rd_kafka_message_t> taken(message);
            bytes_.start(message->len + message->key_len + record_padding);
            take(*message);
        }
    }
    return records_;
}

void KafkaReader::take(const rd_kafka_message_t& message) {
    answered_ |= message.err == RD_KAFKA_RESP_ERR_NO_ERROR || message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
    switch (message.err) {
        case RD_KAFKA_RESP_ERR_NO_ERROR:
            return add(message);
        case RD_KAFKA_RESP_ERR__PARTITION_EOF:
            // Records that no reader sees (transaction markers, compacted records) may come before it.
            end_seen_ = Offset(message.offset);
            next_offset_ = std::max(next_offset_, end_seen_);
            return;
        case RD_KAFKA_RESP_ERR__TRANSPORT:
        case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
        case RD_KAFKA_RESP_ERR__TIMED_OUT:
            return;  // librdkafka retries, and has logged the error
        case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
            throw NoSuchOffset(
                doing(), fmt::format("Kafka at {} does not have this offset", address_.brokers),
                "Retention removed its record before it was read, or the topic was created again. Start "
                "again to learn which, or use --on-data-loss continue to skip what was lost.");
        default:
            throw kafka_error(address_, doing(), message.err, rd_kafka_message_errstr(&message));
    }
}

void KafkaReader::add(const rd_kafka_message_t& message) {
    Record record;
    record.offset = Offset(message.offset);
    rd_kafka_timestamp_type_t type{};
    const std::int64_t ms = rd_kafka_message_timestamp(&message, &type);
    // Some producers send 0 or -1 for no timestamp.
    record.timestamp = ms > 0 ? base::from_ms(ms) : base::wall_time();
    record.key = bytes_.copy({static_cast<const char*>(message.key), message.key_len});
    record.value = bytes_.copy({static_cast<const char*>(message.payload), message.len});
    bytes_.pad();
    if (std::string headers = headers_of(message); !headers.empty())
        record.headers = headers_.emplace_back(std::move(headers));
    records_.push_back(record);
    next_offset_ = record.offset + 1;
}

}  // namespace millrace::bronze
