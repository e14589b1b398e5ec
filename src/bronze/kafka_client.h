#pragma once

#include <librdkafka/rdkafka.h>

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace millrace::bronze {

/// The address of a Kafka topic and the properties of the connection.
struct KafkaAddress {
    std::string brokers;  ///< HOST:PORT[,…]
    std::string topic;    ///< empty if the address names no topic
    /// librdkafka properties that override those of this program. They may hold secrets.
    std::map<std::string, std::string> properties;

    /// Parses `kafka://HOST:PORT[,…][/TOPIC]`. Throws a usage Error if the address has another form.
    static KafkaAddress parse(std::string_view url);
};

struct KafkaDeleter {
    void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
    void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
    void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
    void operator()(const rd_kafka_metadata_t* metadata) const { rd_kafka_metadata_destroy(metadata); }
    void operator()(rd_kafka_topic_partition_list_t* list) const {
        rd_kafka_topic_partition_list_destroy(list);
    }
    void operator()(rd_kafka_NewTopic_t* topic) const { rd_kafka_NewTopic_destroy(topic); }
    void operator()(rd_kafka_DeleteTopic_t* topic) const { rd_kafka_DeleteTopic_destroy(topic); }
    void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
    void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
};
template <typename Type>
using KafkaPointer = std::unique_ptr<Type, KafkaDeleter>;

inline std::span<rd_kafka_topic_partition_t> elements(const rd_kafka_topic_partition_list_t* list) {
    return {list->elems, static_cast<std::size_t>(list->cnt)};
}

/// Called for each delivered or failed message of a producer, with the opaque pointer of that message.
using KafkaDelivery = void (*)(rd_kafka_t*, const rd_kafka_message_t*, void*);

/// How much of one partition is fetched ahead. The total for all partitions of a topic is constant, unless
/// that would give a partition less than a useful minimum.
struct KafkaFetchLimits {
    int messages = 0;
    int kib = 0;          ///< size of these messages in KiB
    int fetch_bytes = 0;  ///< compressed size of one response in bytes

    static KafkaFetchLimits for_partitions(int partitions);
    friend bool operator==(const KafkaFetchLimits&, const KafkaFetchLimits&) = default;
};

/// Creates a consumer's handle. It reads committed records only, stores no offsets in Kafka, and reports an
/// error instead of jumping if an offset is gone. It logs to the program's log.
KafkaPointer<rd_kafka_t> make_kafka_consumer(const KafkaAddress& address, const KafkaFetchLimits& limits);
/// Called when partitions are assigned to a group's member or revoked from it.
using KafkaRebalance = void (*)(rd_kafka_t*, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*,
                                void* opaque);

/// Creates a group member's handle with cooperative rebalancing.
KafkaPointer<rd_kafka_t> make_kafka_member(const KafkaAddress& address, const std::string& group,
                                           KafkaRebalance on_rebalance, void* opaque);
/// Creates a producer's handle: acks=all, idempotent, lz4.
KafkaPointer<rd_kafka_t> make_kafka_producer(const KafkaAddress& address, KafkaDelivery on_delivery);

/// Returns an Error for a Kafka error code, with a remedy.
[[nodiscard]] Error kafka_error(const KafkaAddress& address, std::string_view doing, rd_kafka_resp_err_t code,
                                std::string_view detail = {});

/// Makes a request, and repeats it while its error is transient (such as a leader election) and
/// kafka_timeout_ms have not passed. Throws kafka_error().
void ask_kafka(const KafkaAddress& address, std::string_view doing,
               const std::function<rd_kafka_resp_err_t()>& request);

/// The first version of librdkafka that has the property fetch.queue.backoff.ms.
inline constexpr int kafka_has_queue_backoff = 0x02020000;

/// How long a request may take before the broker counts as unreachable.
inline constexpr int kafka_timeout_ms = 15'000;

}  // namespace millrace::bronze
