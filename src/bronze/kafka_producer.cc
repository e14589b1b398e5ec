#include "bronze/kafka_producer.h"

#include <fmt/format.h>

#include <array>

#include "base/mutex.h"

namespace millrace::bronze {

namespace {

constexpr int delivery_poll_ms = 100;

rd_kafka_vu_t bytes_field(rd_kafka_vtype_t type, std::string_view bytes) {
    rd_kafka_vu_t field{.vtype = type, .u = {}};
    field.u.mem = {const_cast<char*>(bytes.data()), bytes.size()};
    return field;
}

}  // namespace

/// The state of a batch that is being delivered.
struct KafkaProducer::Delivery {
    base::Mutex mutex;
    base::ConditionVariable done;
    std::size_t pending MILLRACE_GUARDED_BY(mutex);
    Offset first_offset MILLRACE_GUARDED_BY(mutex) = no_offset;
    rd_kafka_resp_err_t failure MILLRACE_GUARDED_BY(mutex) = RD_KAFKA_RESP_ERR_NO_ERROR;

    explicit Delivery(std::size_t records) : pending(records) {}
};

KafkaProducer::KafkaProducer(const KafkaAddress& address)
    : address_(address), handle_(make_kafka_producer(address, delivered)), thread_([this] { follow(); }) {}

KafkaProducer::~KafkaProducer() {
    ending_ = true;
    thread_.join();
}

void KafkaProducer::follow() {
    while (!ending_) rd_kafka_poll(handle_.get(), delivery_poll_ms);
}

/// Counts the delivery report of a message.
void KafkaProducer::delivered(rd_kafka_t* /*producer*/, const rd_kafka_message_t* message, void* /*opaque*/) {
    auto& delivery = *static_cast<Delivery*>(message->_private);
    const base::MutexLock lock(delivery.mutex);
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) delivery.failure = message->err;
    const Offset offset(message->offset);
    if (delivery.first_offset == no_offset || offset < delivery.first_offset) delivery.first_offset = offset;
    // Notifies under the lock, because the waiter's stack holds `delivery`.
    if (--delivery.pending == 0) delivery.done.notify_all();
}

/// Sends one record. Its value is not copied and must live until the delivery report.
rd_kafka_resp_err_t KafkaProducer::produce(int partition, const Record& record, Delivery& delivery) {
    rd_kafka_headers_t* headers = nullptr;
    if (!record.headers.empty()) {
        headers = rd_kafka_headers_new(4);
        for (const Header& header : decode_headers(record)) {
            rd_kafka_header_add(headers, header.key.data(), static_cast<ssize_t>(header.key.size()),
                                header.value.data(), static_cast<ssize_t>(header.value.size()));
        }
    }
    std::array<rd_kafka_vu_t, 8> fields = {
        rd_kafka_vu_t{.vtype = RD_KAFKA_VTYPE_TOPIC, .u = {.cstr = address_.topic.c_str()}},
        rd_kafka_vu_t{.vtype = RD_KAFKA_VTYPE_PARTITION, .u = {.i32 = partition}},
        rd_kafka_vu_t{.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u = {.i64 = base::to_ms(record.timestamp)}},
        rd_kafka_vu_t{.vtype = RD_KAFKA_VTYPE_OPAQUE, .u = {.ptr = &delivery}},
        rd_kafka_vu_t{.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u = {.i = RD_KAFKA_MSG_F_BLOCK}},
        bytes_field(RD_KAFKA_VTYPE_KEY, record.key),
        bytes_field(RD_KAFKA_VTYPE_VALUE, record.value),
        rd_kafka_vu_t{.vtype = RD_KAFKA_VTYPE_HEADERS, .u = {.headers = headers}},
    };
    rd_kafka_error_t* refused =
        rd_kafka_produceva(handle_.get(), fields.data(), fields.size() - (headers == nullptr ? 1 : 0));
    if (refused == nullptr) return RD_KAFKA_RESP_ERR_NO_ERROR;
    const auto code = rd_kafka_error_code(refused);
    rd_kafka_error_destroy(refused);
    if (headers != nullptr) rd_kafka_headers_destroy(headers);
    return code;
}

Offset KafkaProducer::append(int partition, RecordBatchBuilder& batch) {
    const std::string_view encoded = batch.finish();
    std::string scratch;
    std::vector<Record> records;
    decode_records(*parse_batch_header(encoded), encoded, scratch, records);
    Delivery delivery(records.size());
    for (const Record& record : records) {
        const auto error = produce(partition, record, delivery);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
        const base::MutexLock lock(delivery.mutex);
        delivery.failure = error;
        --delivery.pending;
    }
    // Every message gets a delivery report in the end, because delivery.timeout.ms bounds the delivery.
    const base::MutexLock lock(delivery.mutex);
    while (delivery.pending > 0) delivery.done.wait(delivery.mutex);
    if (delivery.failure == RD_KAFKA_RESP_ERR_NO_ERROR) return delivery.first_offset;
    const std::string doing = fmt::format("appending to {} partition {}", address_.topic, partition);
    std::array<char, 512> reason{};
    const auto fatal = rd_kafka_fatal_error(handle_.get(), reason.data(), reason.size());
    if (fatal != RD_KAFKA_RESP_ERR_NO_ERROR) throw kafka_error(address_, doing, fatal, reason.data());
    throw kafka_error(address_, doing, delivery.failure);
}

}  // namespace millrace::bronze
