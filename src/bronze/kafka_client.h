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

/// Where a Kafka topic is, and how to reach it.
struct KafkaAddress {
    std::string brokers;  ///< HOST:PORT[,…]
    std::string topic;    ///< empty when the address names none
    std::map<std::string, std::string>
        properties;  ///< librdkafka's, over this program's own; may hold secrets

    /// Reads `kafka://HOST:PORT[,…][/TOPIC]`. Throws a usage Error.
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

/// Called for each delivered or failed message of a producer, with the opaque that it was produced with.
using KafkaDelivery = void (*)(rd_kafka_t*, const rd_kafka_message_t*, void*);

/// How much of a partition is fetched ahead. What a topic's partitions may take together stays the same, up
/// to where each has the least that is useful.
struct KafkaFetchLimits {
    int messages = 0;
    int kib = 0;          ///< of those messages
    int fetch_bytes = 0;  ///< of one answer, compressed

    static KafkaFetchLimits for_partitions(int partitions);
    friend bool operator==(const KafkaFetchLimits&, const KafkaFetchLimits&) = default;
};

/// A consumer's handle: committed records only, no offset kept by Kafka, an Error instead of a jump when an
/// offset is gone. Its log goes to the program's.
KafkaPointer<rd_kafka_t> make_kafka_consumer(const KafkaAddress& address, const KafkaFetchLimits& limits);
/// Called when a group's member is given partitions or is to give them up.
using KafkaRebalance = void (*)(rd_kafka_t*, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*,
                                void* opaque);

/// A group member's handle, with cooperative rebalancing.
KafkaPointer<rd_kafka_t> make_kafka_member(const KafkaAddress& address, const std::string& group,
                                           KafkaRebalance on_rebalance, void* opaque);
/// A producer's: acks=all, idempotent, lz4.
KafkaPointer<rd_kafka_t> make_kafka_producer(const KafkaAddress& address, KafkaDelivery on_delivery);

/// An Error for a Kafka error code, with what to do about it.
[[nodiscard]] Error kafka_error(const KafkaAddress& address, std::string_view doing, rd_kafka_resp_err_t code,
                                std::string_view detail = {});

/// Makes a request, and makes it again while its error is one that passes (a leader that is being elected,
/// say) and kafka_timeout_ms are not over. Throws kafka_error().
void ask_kafka(const KafkaAddress& address, std::string_view doing,
               const std::function<rd_kafka_resp_err_t()>& request);

/// The version of librdkafka from which on it has the property fetch.queue.backoff.ms.
inline constexpr int kafka_has_queue_backoff = 0x02020000;

/// How long a request may take before the broker counts as unreachable.
inline constexpr int kafka_timeout_ms = 15'000;

}  // namespace millrace::bronze
