#include "bronze/kafka_topics.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <span>
#include <thread>

namespace millrace::bronze {

namespace {

/// Waits for the answer to an admin request about one topic, and returns the topic's error.
rd_kafka_resp_err_t topic_error(rd_kafka_queue_t* queue, std::string& detail) {
    const KafkaPointer<rd_kafka_event_t> event(rd_kafka_queue_poll(queue, kafka_timeout_ms));
    if (!event) return RD_KAFKA_RESP_ERR__TIMED_OUT;
    if (const auto error = rd_kafka_event_error(event.get()); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        detail = rd_kafka_event_error_string(event.get());
        return error;
    }
    std::size_t count = 0;
    const bool creation = rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_CREATETOPICS_RESULT;
    const rd_kafka_topic_result_t** results =
        creation
            ? rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count)
            : rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event.get()), &count);
    if (const char* text = rd_kafka_topic_result_error_string(results[0]); text != nullptr) detail = text;
    return rd_kafka_topic_result_error(results[0]);
}

}  // namespace

KafkaTopics::KafkaTopics(KafkaAddress address)
    : address_(std::move(address)), handle_(make_kafka_producer(address_, nullptr)) {}

std::vector<KafkaTopic> KafkaTopics::list() const {
    const rd_kafka_metadata_t* answer = nullptr;
    ask_kafka(address_, "listing the topics",
              [&] { return rd_kafka_metadata(handle_.get(), 1, nullptr, &answer, kafka_timeout_ms); });
    const KafkaPointer<const rd_kafka_metadata_t> metadata(answer);
    std::vector<KafkaTopic> topics;
    for (const auto& topic : std::span(metadata->topics, static_cast<std::size_t>(metadata->topic_cnt))) {
        if (!std::string_view(topic.topic).starts_with("__"))
            topics.push_back({topic.topic, topic.partition_cnt});
    }
    return topics;
}

bool KafkaTopics::create(const std::string& name, int partitions,
                         const std::map<std::string, std::string>& settings) const {
    const std::string doing = fmt::format("creating the topic {}", name);
    std::array<char, 512> reason{};
    const KafkaPointer<rd_kafka_NewTopic_t> topic(
        rd_kafka_NewTopic_new(name.c_str(), partitions, -1, reason.data(), reason.size()));
    if (!topic) throw usage_error(doing, reason.data());
    for (const auto& [key, value] : settings)
        rd_kafka_NewTopic_set_config(topic.get(), key.c_str(), value.c_str());
    const KafkaPointer<rd_kafka_queue_t> queue(rd_kafka_queue_new(handle_.get()));
    std::array<rd_kafka_NewTopic_t*, 1> topics = {topic.get()};
    rd_kafka_CreateTopics(handle_.get(), topics.data(), 1, nullptr, queue.get());
    std::string detail;
    const auto error = topic_error(queue.get(), detail);
    if (error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return false;
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw kafka_error(address_, doing, error, detail);
    // The controller has created the topic. The brokers learn of it a little later.
    for (const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kafka_timeout_ms);;) {
        for (const KafkaTopic& known : list()) {
            if (known.name == name && known.partitions == partitions) return true;
        }
        if (std::chrono::steady_clock::now() > end)
            throw kafka_error(address_, doing, RD_KAFKA_RESP_ERR__TIMED_OUT);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

void KafkaTopics::remove(const std::string& name) const {
    const std::string doing = fmt::format("deleting the topic {}", name);
    const KafkaPointer<rd_kafka_DeleteTopic_t> topic(rd_kafka_DeleteTopic_new(name.c_str()));
    const KafkaPointer<rd_kafka_queue_t> queue(rd_kafka_queue_new(handle_.get()));
    std::array<rd_kafka_DeleteTopic_t*, 1> topics = {topic.get()};
    rd_kafka_DeleteTopics(handle_.get(), topics.data(), 1, nullptr, queue.get());
    std::string detail;
    const auto error = topic_error(queue.get(), detail);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw kafka_error(address_, doing, error, detail);
}

}  // namespace millrace::bronze
