#include "bronze/kafka_group.h"

#include <fmt/format.h>

#include <chrono>

#include "base/log.h"

namespace millrace::bronze {

namespace {

constexpr int poll_ms = 100;
constexpr auto commit_interval = std::chrono::seconds(1);

std::string numbers(const rd_kafka_topic_partition_list_t* list) {
    std::string text;
    for (const auto& element : elements(list))
        text += fmt::format("{}{}", text.empty() ? "" : ", ", element.partition);
    return text;
}

}  // namespace

KafkaGroup::KafkaGroup(const KafkaAddress& address, const std::string& group)
    : address_(address), consumer_(make_kafka_member(address, group, &KafkaGroup::rebalance, this)) {
    rd_kafka_poll_set_consumer(consumer_.get());
    const KafkaPointer<rd_kafka_topic_partition_list_t> topics(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(topics.get(), address_.topic.c_str(), RD_KAFKA_PARTITION_UA);
    const auto error = rd_kafka_subscribe(consumer_.get(), topics.get());
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        throw kafka_error(address_, fmt::format("joining the group {}", group), error);
    thread_ = std::thread([this] { follow(); });
}

KafkaGroup::~KafkaGroup() {
    {
        const base::MutexLock lock(mutex_);
        leaving_ = true;
    }
    released_changed_.notify_all();
    thread_.join();
    commit_progress();
    rd_kafka_consumer_close(consumer_.get());
    if (generation_ > 0) return;
    // Up to version 2.0, librdkafka aborts when a member is destroyed that has joined but has no assignment
    // yet (rd_kafka_sticky_assignor_state_destroy() asserts a state). So such a handle is never destroyed,
    // and its log is turned off.
    rd_kafka_set_log_level(consumer_.release(), 0);
}

/// Polls so that rebalances are served. No message arrives, because all partitions are paused.
void KafkaGroup::follow() {
    auto next_commit = std::chrono::steady_clock::now();
    while (!leaving_) {
        if (const auto now = std::chrono::steady_clock::now(); now >= next_commit) {
            commit_progress();
            next_commit = now + commit_interval;
        }
        const KafkaPointer<rd_kafka_message_t> message(rd_kafka_consumer_poll(consumer_.get(), poll_ms));
        if (message && message->err != RD_KAFKA_RESP_ERR_NO_ERROR &&
            message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
            spdlog::warn("kafka: consumer group: {}", rd_kafka_message_errstr(message.get()));
    }
}

void KafkaGroup::rebalance(rd_kafka_t* consumer, rd_kafka_resp_err_t what,
                           rd_kafka_topic_partition_list_t* partitions, void* group) {
    auto& self = *static_cast<KafkaGroup*>(group);
    rd_kafka_error_t* error = nullptr;
    if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        for (auto& element : elements(partitions)) element.offset = RD_KAFKA_OFFSET_END;
        error = rd_kafka_incremental_assign(consumer, partitions);
        rd_kafka_pause_partitions(consumer, partitions);
        self.take(partitions);
    } else {
        self.give_up(partitions);
        error = rd_kafka_incremental_unassign(consumer, partitions);
    }
    if (error == nullptr) return;
    spdlog::warn("kafka: consumer group: {}", rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
}

void KafkaGroup::take(rd_kafka_topic_partition_list_t* partitions) {
    const base::MutexLock lock(mutex_);
    for (const auto& element : elements(partitions)) partitions_.insert(element.partition);
    ++generation_;
    if (partitions->cnt > 0)
        spdlog::info("kafka: this worker was assigned partitions {}", numbers(partitions));
}

/// Waits until the worker no longer reads from the partitions, so that its last batch is committed before
/// another worker begins where it ends. (If the group removes this member in the meantime, the table's txns
/// still prevent duplicates.)
void KafkaGroup::give_up(rd_kafka_topic_partition_list_t* partitions) {
    base::MutexLock lock(mutex_);
    for (const auto& element : elements(partitions)) partitions_.erase(element.partition);
    const std::uint64_t before = generation_++;
    if (partitions->cnt > 0) spdlog::info("kafka: this worker gives up partitions {}", numbers(partitions));
    while (!leaving_ && released_ < before) released_changed_.wait(mutex_);
    lock.unlock();
    commit_progress();  // commits the last batch's offsets before the next worker commits its own
}

KafkaGroup::Assignment KafkaGroup::assignment() const {
    const base::MutexLock lock(mutex_);
    return {generation_, {partitions_.begin(), partitions_.end()}};
}

bool KafkaGroup::changed(std::uint64_t generation) const {
    const base::MutexLock lock(mutex_);
    return generation_ != generation;
}

void KafkaGroup::release(std::uint64_t generation) {
    {
        const base::MutexLock lock(mutex_);
        released_ = std::max(released_, generation);
    }
    released_changed_.notify_all();
}

void KafkaGroup::report_progress(int partition, Offset next_offset) {
    const base::MutexLock lock(mutex_);
    progress_[partition] = next_offset;
}

/// Called only now and then: a commit costs the broker more than the few records between two triggers.
void KafkaGroup::commit_progress() {
    std::map<int, Offset> progress;
    {
        const base::MutexLock lock(mutex_);
        progress.swap(progress_);
    }
    if (progress.empty()) return;
    const KafkaPointer<rd_kafka_topic_partition_list_t> list(
        rd_kafka_topic_partition_list_new(static_cast<int>(progress.size())));
    for (const auto& [partition, offset] : progress)
        rd_kafka_topic_partition_list_add(list.get(), address_.topic.c_str(), partition)->offset =
            offset.value();
    rd_kafka_commit(consumer_.get(), list.get(), 1);
}

}  // namespace millrace::bronze
