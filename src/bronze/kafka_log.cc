#include "bronze/kafka_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "bronze/kafka_group.h"
#include "bronze/kafka_reader.h"

namespace millrace::bronze {

namespace {

/// What is known of a batch that is on its way. Reports of one batch may come to several threads that poll.
struct Delivery {
    std::mutex mutex;
    std::size_t pending = 0;
    Offset first_offset = -1;
    rd_kafka_resp_err_t failure = RD_KAFKA_RESP_ERR_NO_ERROR;
};

/// Counts a message's report, from within rd_kafka_poll().
void delivered(rd_kafka_t* /*producer*/, const rd_kafka_message_t* message, void* /*opaque*/) {
    auto& delivery = *static_cast<Delivery*>(message->_private);
    const std::lock_guard lock(delivery.mutex);
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) delivery.failure = message->err;
    if (delivery.first_offset < 0 || message->offset < delivery.first_offset)
        delivery.first_offset = message->offset;
    --delivery.pending;
}

bool done(Delivery& delivery) {
    const std::lock_guard lock(delivery.mutex);
    return delivery.pending == 0;
}

rd_kafka_resp_err_t produce(rd_kafka_t* producer, const std::string& topic, int partition,
                            const Record& record, Delivery& delivery) {
    rd_kafka_headers_t* headers = nullptr;
    if (!record.headers.empty()) {
        headers = rd_kafka_headers_new(4);
        for (const Header& header : decode_headers(record)) {
            rd_kafka_header_add(headers, header.key.data(), static_cast<ssize_t>(header.key.size()),
                                header.value.data(), static_cast<ssize_t>(header.value.size()));
        }
    }
    const auto bytes = [](rd_kafka_vtype_t type, std::string_view of) {
        rd_kafka_vu_t field{.vtype = type, .u = {}};
        field.u.mem = {const_cast<char*>(of.data()), of.size()};
        return field;
    };
    std::array<rd_kafka_vu_t, 8> fields = {
        rd_kafka_vu_t{.vtype = RD_KAFKA_VTYPE_TOPIC, .u = {.cstr = topic.c_str()}},
        rd_kafka_vu_t{.vtype = RD_KAFKA_VTYPE_PARTITION, .u = {.i32 = partition}},
        rd_kafka_vu_t{.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u = {.i64 = record.timestamp_ms}},
        rd_kafka_vu_t{.vtype = RD_KAFKA_VTYPE_OPAQUE, .u = {.ptr = &delivery}},
        rd_kafka_vu_t{.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u = {.i = RD_KAFKA_MSG_F_COPY}},
        bytes(RD_KAFKA_VTYPE_KEY, record.key),
        bytes(RD_KAFKA_VTYPE_VALUE, record.value),
        rd_kafka_vu_t{.vtype = RD_KAFKA_VTYPE_HEADERS, .u = {.headers = headers}},
    };
    rd_kafka_error_t* refused =
        rd_kafka_produceva(producer, fields.data(), fields.size() - (headers == nullptr ? 1 : 0));
    if (refused == nullptr) return RD_KAFKA_RESP_ERR_NO_ERROR;
    const auto code = rd_kafka_error_code(refused);
    rd_kafka_error_destroy(refused);
    if (headers != nullptr) rd_kafka_headers_destroy(headers);
    return code;
}

}  // namespace

KafkaLog::KafkaLog(KafkaAddress address)
    : address_(std::move(address)), consumer_(make_kafka_consumer(address_)) {
    look_for_partitions();
}

KafkaLog::~KafkaLog() {
    if (producer_) rd_kafka_flush(producer_.get(), kafka_timeout_ms);
}

void KafkaLog::look_for_partitions() const {
    const std::string doing = fmt::format("opening the topic {}", address_.topic);
    const KafkaPointer<rd_kafka_topic_t> topic(
        rd_kafka_topic_new(consumer_.get(), address_.topic.c_str(), nullptr));
    ask_kafka(address_, doing, [&] {
        const rd_kafka_metadata_t* answer = nullptr;
        const auto error = rd_kafka_metadata(consumer_.get(), 0, topic.get(), &answer, kafka_timeout_ms);
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return error;
        const KafkaPointer<const rd_kafka_metadata_t> metadata(answer);
        partitions_ = metadata->topics[0].partition_cnt;
        return metadata->topics[0].err;
    });
}

/// The offset that the broker tells for a time; -1 stands for the end and -2 for the start. (Unlike
/// librdkafka's query of the watermarks, this one ends when the broker doesn't answer.)
Offset KafkaLog::ask_offset(int partition, std::int64_t time) const {
    const KafkaPointer<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(1));
    auto* wanted = rd_kafka_topic_partition_list_add(list.get(), address_.topic.c_str(), partition);
    ask_kafka(address_, fmt::format("asking for the offsets of {} partition {}", topic(), partition), [&] {
        wanted->offset = time;
        const auto error = rd_kafka_offsets_for_times(consumer_.get(), list.get(), kafka_timeout_ms);
        return error == RD_KAFKA_RESP_ERR_NO_ERROR ? wanted->err : error;
    });
    return wanted->offset;
}

OffsetRange KafkaLog::offsets(int partition) const {
    constexpr std::int64_t latest = -1;
    constexpr std::int64_t earliest = -2;
    return {ask_offset(partition, earliest), ask_offset(partition, latest)};
}

Offset KafkaLog::end_heard(int partition) const {
    Offset start = -1;
    Offset end = -1;
    rd_kafka_get_watermark_offsets(consumer_.get(), address_.topic.c_str(), partition, &start, &end);
    return end >= 0 ? end : offsets(partition).end;
}

Offset KafkaLog::offset_at(int partition, std::int64_t timestamp_ms) const {
    const Offset found = ask_offset(partition, timestamp_ms);
    return found < 0 ? offsets(partition).end : found;
}

Offset KafkaLog::append(int partition, RecordBatchBuilder& batch) {
    {
        const std::lock_guard lock(mutex_);
        if (!producer_) producer_ = make_kafka_producer(address_, delivered);
    }
    const std::string doing = fmt::format("appending to {} partition {}", topic(), partition);
    const std::string_view encoded = batch.finish();
    std::string scratch;
    std::vector<Record> records;
    decode_records(*parse_batch_header(encoded), encoded, scratch, records);
    Delivery delivery;
    delivery.pending = records.size();
    for (const Record& record : records) {
        auto error = produce(producer_.get(), topic(), partition, record, delivery);
        while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) {  // Kafka is slower than we are
            rd_kafka_poll(producer_.get(), 10);
            error = produce(producer_.get(), topic(), partition, record, delivery);
        }
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
        const std::lock_guard lock(delivery.mutex);
        delivery.failure = error;
        --delivery.pending;
    }
    // Each message's report comes in the end: delivery.timeout.ms bounds it.
    while (!done(delivery)) rd_kafka_poll(producer_.get(), 10);
    if (delivery.failure != RD_KAFKA_RESP_ERR_NO_ERROR) throw kafka_error(address_, doing, delivery.failure);
    return delivery.first_offset;
}

std::unique_ptr<PartitionReader> KafkaLog::read(int partition, Offset offset) const {
    const auto on_arrival = [](rd_kafka_t*, void* log) { static_cast<const KafkaLog*>(log)->arrived(); };
    return std::make_unique<KafkaReader>(address_, consumer_, partition, offset, on_arrival,
                                         const_cast<KafkaLog*>(this));
}

std::unique_ptr<WorkerGroup> KafkaLog::join(const std::string& group) const {
    return std::make_unique<KafkaGroup>(address_, group);
}

void KafkaLog::arrived() const {
    {
        const std::lock_guard lock(mutex_);
        ++arrivals_;
    }
    arrival_.notify_all();
}

void KafkaLog::wait_for_append(std::uint32_t seen, std::chrono::microseconds limit) const {
    std::unique_lock lock(mutex_);
    arrival_.wait_for(lock, limit, [&] { return arrivals_.load() != seen; });
}

std::int64_t KafkaLog::records_numbered() const {
    std::int64_t total = 0;
    for (int p = 0; p < partitions_; ++p) total += offsets(p).end;
    return total;
}

}  // namespace millrace::bronze
