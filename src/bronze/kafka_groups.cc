#include "bronze/kafka_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace millrace::bronze {

namespace {

/// Makes an admin request until it is answered, and returns the answer. Throws kafka_error().
KafkaPointer<rd_kafka_event_t> answer_to(const KafkaAddress& address, std::string_view doing,
                                         rd_kafka_t* handle,
                                         const std::function<void(rd_kafka_queue_t*)>& request) {
    KafkaPointer<rd_kafka_event_t> event;
    ask_kafka(address, doing, [&] {
        const KafkaPointer<rd_kafka_queue_t> queue(rd_kafka_queue_new(handle));
        request(queue.get());
        event.reset(rd_kafka_queue_poll(queue.get(), kafka_timeout_ms));
        return event ? rd_kafka_event_error(event.get()) : RD_KAFKA_RESP_ERR__TIMED_OUT;
    });
    return event;
}

KafkaMember member_of(const rd_kafka_MemberDescription_t* member, const std::string& topic) {
    KafkaMember described{.id = rd_kafka_MemberDescription_consumer_id(member),
                          .client_id = rd_kafka_MemberDescription_client_id(member),
                          .host = rd_kafka_MemberDescription_host(member),
                          .partitions = {}};
    const rd_kafka_topic_partition_list_t* list =
        rd_kafka_MemberAssignment_partitions(rd_kafka_MemberDescription_assignment(member));
    if (list == nullptr) return described;
    for (const auto& element : elements(list)) {
        if (topic == element.topic) described.partitions.push_back(element.partition);
    }
    std::ranges::sort(described.partitions);
    return described;
}

}  // namespace

KafkaGroups::KafkaGroups(KafkaAddress address)
    : address_(std::move(address)), handle_(make_kafka_producer(address_, nullptr)) {}

std::vector<KafkaGroupState> KafkaGroups::list() const {
    const auto event = answer_to(
        address_, "listing the groups", handle_.get(),
        [this](rd_kafka_queue_t* queue) { rd_kafka_ListConsumerGroups(handle_.get(), nullptr, queue); });
    std::size_t count = 0;
    const rd_kafka_ConsumerGroupListing_t** groups = rd_kafka_ListConsumerGroups_result_valid(
        rd_kafka_event_ListConsumerGroups_result(event.get()), &count);
    std::vector<KafkaGroupState> described;
    for (const auto* group : std::span(groups, count))
        described.push_back(describe(rd_kafka_ConsumerGroupListing_group_id(group)));
    std::ranges::sort(described, {}, &KafkaGroupState::name);
    return described;
}

KafkaGroupState KafkaGroups::describe(const std::string& group) const {
    const std::string doing = fmt::format("describing the group {}", group);
    KafkaPointer<rd_kafka_event_t> event;
    const rd_kafka_ConsumerGroupDescription_t* found = nullptr;
    ask_kafka(address_, doing, [&] {  // the group's own error may be transient, too
        event = answer_to(address_, doing, handle_.get(), [&](rd_kafka_queue_t* queue) {
            const char* name = group.c_str();
            rd_kafka_DescribeConsumerGroups(handle_.get(), &name, 1, nullptr, queue);
        });
        std::size_t count = 0;
        found = rd_kafka_DescribeConsumerGroups_result_groups(
            rd_kafka_event_DescribeConsumerGroups_result(event.get()), &count)[0];
        return rd_kafka_error_code(rd_kafka_ConsumerGroupDescription_error(found));
    });
    KafkaGroupState described{
        .name = group,
        .state = rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupDescription_state(found)),
        .members = {}};
    for (std::size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count(found); ++i)
        described.members.push_back(
            member_of(rd_kafka_ConsumerGroupDescription_member(found, i), address_.topic));
    return described;
}

std::map<int, Offset> KafkaGroups::committed(const std::string& group, int partitions) const {
    KafkaAddress as_member = address_;
    as_member.properties["group.id"] = group;
    const auto consumer = make_kafka_consumer(as_member, KafkaFetchLimits::for_partitions(partitions));
    const KafkaPointer<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(partitions));
    for (int p = 0; p < partitions; ++p)
        rd_kafka_topic_partition_list_add(list.get(), address_.topic.c_str(), p);
    ask_kafka(address_, fmt::format("asking for the offsets of the group {}", group),
              [&] { return rd_kafka_committed(consumer.get(), list.get(), kafka_timeout_ms); });
    std::map<int, Offset> offsets;
    for (const auto& element : elements(list.get())) {
        if (element.offset >= 0) offsets[element.partition] = Offset(element.offset);
    }
    return offsets;
}

}  // namespace millrace::bronze
