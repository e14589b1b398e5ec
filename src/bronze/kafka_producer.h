#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "bronze/kafka_client.h"
#include "bronze/record_batch.h"

namespace millrace::bronze {

/// Appends to a Kafka topic. Thread-safe: appends of several threads are under way at once.
class KafkaProducer {
  public:
    explicit KafkaProducer(const KafkaAddress& address);
    /// What is under way is delivered or has failed when this returns.
    ~KafkaProducer();

    /// Returns the first record's offset once all of them are acknowledged. Throws kafka_error().
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
