#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "bronze/kafka_client.h"
#include "bronze/record_batch.h"

namespace millrace::bronze {

/// Appends to a Kafka topic. Thread-safe: appends of several threads proceed at the same time.
class KafkaProducer {
  public:
    explicit KafkaProducer(const KafkaAddress& address);
    /// Waits until every pending message has been delivered or has failed.
    ~KafkaProducer();

    /// Appends a batch. Returns the first record's offset once all records are acknowledged. Throws
    /// kafka_error().
    Offset append(int partition, RecordBatchBuilder& batch);

  private:
    struct Delivery;

    static void delivered(rd_kafka_t* producer, const rd_kafka_message_t* message, void* opaque);
    rd_kafka_resp_err_t produce(int partition, const Record& record, Delivery& delivery);
    void follow();

    const KafkaAddress address_;
    const KafkaPointer<rd_kafka_t> handle_;
    std::atomic<bool> ending_ = false;
    std::thread thread_;  // serves the delivery reports
};

}  // namespace millrace::bronze
