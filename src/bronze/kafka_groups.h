#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bronze/kafka_client.h"
#include "bronze/record.h"

namespace millrace::bronze {

/// A member of a consumer group as the broker describes it.
struct KafkaMember {
    std::string id;
    std::string client_id;
    std::string host;
    std::vector<int> partitions;  ///< partitions of the address's topic
};

struct KafkaGroupState {
    std::string name;
    std::string state;  ///< Stable, Empty, PreparingRebalance…
    std::vector<KafkaMember> members;
};

/// The consumer groups of a Kafka cluster, through its admin API. Its methods throw kafka_error().
/// Thread-safe.
class KafkaGroups {
  public:
    explicit KafkaGroups(KafkaAddress address);

    [[nodiscard]] std::vector<KafkaGroupState> list() const;
    /// Describes a group. A group that does not exist is described as Dead and without members, as Kafka
    /// does.
    [[nodiscard]] KafkaGroupState describe(const std::string& group) const;
    /// Returns the offsets that the group has committed for the address's topic, by partition.
    [[nodiscard]] std::map<int, Offset> committed(const std::string& group, int partitions) const;

  private:
    const KafkaAddress address_;
    const KafkaPointer<rd_kafka_t> handle_;
};

}  // namespace millrace::bronze
