#pragma once

#include <string>
#include <vector>

#include "bronze/kafka_client.h"

namespace millrace::bronze {

struct KafkaTopic {
    std::string name;
    int partitions = 0;
};

/// The topics of a Kafka cluster, through its admin API. Its methods throw kafka_error(). Thread-safe.
class KafkaTopics {
  public:
    explicit KafkaTopics(KafkaAddress address);

    /// Returns all topics except Kafka's own, whose names begin with two underscores.
    [[nodiscard]] std::vector<KafkaTopic> list() const;
    /// Creates a topic with the broker's replication factor. Returns false if it already exists.
    bool create(const std::string& name, int partitions,
                const std::map<std::string, std::string>& settings) const;
    /// Removes a topic with all its records. Throws an Error if it does not exist.
    void remove(const std::string& name) const;

  private:
    const KafkaAddress address_;
    const KafkaPointer<rd_kafka_t> handle_;
};

}  // namespace millrace::bronze
