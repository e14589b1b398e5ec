#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "bronze/event_log.h"
#include "bronze/kafka_client.h"

namespace millrace::bronze {

/// Membership in a Kafka consumer group with cooperative rebalancing. Its consumer only takes part in the
/// group and fetches nothing: the readers (kafka_reader.h) fetch, with offsets from the table.
class KafkaGroup : public WorkerGroup {
  public:
    /// Joins the group. The first assignment comes later.
    KafkaGroup(const KafkaAddress& address, const std::string& group);
    /// Leaves the group. The partitions must have been released.
    ~KafkaGroup() override;

    [[nodiscard]] Assignment assignment() const override;
    [[nodiscard]] bool changed(std::uint64_t generation) const override;
    void release(std::uint64_t generation) override;
    void report_progress(int partition, Offset next_offset) override;

  private:
    static void rebalance(rd_kafka_t* consumer, rd_kafka_resp_err_t what,
                          rd_kafka_topic_partition_list_t* partitions, void* group);
    void take(rd_kafka_topic_partition_list_t* partitions);
    void give_up(rd_kafka_topic_partition_list_t* partitions);
    void follow();
    void commit_progress();

    const KafkaAddress address_;
    KafkaPointer<rd_kafka_t> consumer_;
    mutable std::mutex mutex_;
    std::condition_variable released_changed_;
    std::set<int> partitions_;      // guarded by mutex_
    std::uint64_t generation_ = 0;  // guarded by mutex_
    std::uint64_t released_ = 0;    // guarded by mutex_
    std::map<int, Offset>
        progress_;  // guarded by mutex_; offsets by partition that are not yet committed to Kafka
    std::atomic<bool> leaving_ = false;
    std::thread thread_;  // polls, so that the group considers this member alive
};

}  // namespace millrace::bronze
