#pragma once

#include <atomic>
#include <map>
#include <set>
#include <string>
#include <thread>

#include "base/mutex.h"
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
    void commit_progress() MILLRACE_EXCLUDES(mutex_);

    const KafkaAddress address_;
    KafkaPointer<rd_kafka_t> consumer_;
    mutable base::Mutex mutex_;
    base::ConditionVariable released_changed_;
    std::set<int> partitions_ MILLRACE_GUARDED_BY(mutex_);
    std::uint64_t generation_ MILLRACE_GUARDED_BY(mutex_) = 0;
    std::uint64_t released_ MILLRACE_GUARDED_BY(mutex_) = 0;
    // The offsets that are not yet committed to Kafka, by partition.
    std::map<int, Offset> progress_ MILLRACE_GUARDED_BY(mutex_);
    std::atomic<bool> leaving_ = false;
    std::thread thread_;  // polls, so that the group considers this member alive
};

}  // namespace millrace::bronze
