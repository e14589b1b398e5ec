#include "bronze/kafka_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "base/log.h"
#include "base/mutex.h"

namespace millrace::bronze {

namespace {

using Properties = std::map<std::string, std::string>;

spdlog::level::level_enum level_of(int syslog_level) {
    if (syslog_level <= 3) return spdlog::level::err;
    return syslog_level <= 5 ? spdlog::level::warn : spdlog::level::debug;
}

/// Keeps the reason of the last connection failure in librdkafka's words. Its error codes do not tell the
/// reason.
class ConnectionFailures {
  public:
    /// Stores `reason`. Returns true if a warning is due.
    bool record(std::string_view reason) {
        const auto now = std::chrono::steady_clock::now();
        const base::MutexLock lock(mutex_);
        reason_ = reason.substr(0, reason.find(" (after "));
        failed_at_ = now;
        if (now < warned_at_ + warning_interval) return false;
        warned_at_ = now;
        return true;
    }
    /// Returns the reason of a failure within the last minute, or an empty string.
    [[nodiscard]] std::string recent() const {
        const base::MutexLock lock(mutex_);
        return std::chrono::steady_clock::now() < failed_at_ + recent_time ? reason_ : std::string();
    }

  private:
    static constexpr auto warning_interval = std::chrono::seconds(30);
    static constexpr auto recent_time = std::chrono::minutes(1);

    mutable base::Mutex mutex_;
    std::string reason_ MILLRACE_GUARDED_BY(mutex_);
    std::chrono::steady_clock::time_point failed_at_ MILLRACE_GUARDED_BY(mutex_);
    std::chrono::steady_clock::time_point warned_at_ MILLRACE_GUARDED_BY(mutex_);
};

ConnectionFailures& failures() {
    static ConnectionFailures failures;
    return failures;
}

/// librdkafka's messages name brokers, but never contain a property's value.
void forward_log(const rd_kafka_t* /*handle*/, int level, const char* facility, const char* message) {
    if (std::string_view(facility) == "FAIL") {
        if (failures().record(message)) spdlog::warn("kafka: {}", message);
        return;
    }
    spdlog::log(level_of(level), "kafka: {} ({})", message, facility);
}

void forward_error(rd_kafka_t* /*handle*/, int code, const char* reason, void* /*opaque*/) {
    spdlog::warn("kafka: {}: {}", rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(code)), reason);
}

void set_all(rd_kafka_conf_t* configuration, const Properties& properties) {
    std::array<char, 256> reason{};
    for (const auto& [name, value] : properties) {
        const auto done =
            rd_kafka_conf_set(configuration, name.c_str(), value.c_str(), reason.data(), reason.size());
        if (done == RD_KAFKA_CONF_OK) continue;
        // The reason is left out because it may quote the value, which may be a secret.
        throw usage_error(
            fmt::format("setting the Kafka property {}", name),
            done == RD_KAFKA_CONF_UNKNOWN ? "there is no such property" : "its value is not allowed",
            "librdkafka's CONFIGURATION.md lists the properties and their values.");
    }
}

/// The callbacks of a handle. Null means none.
struct Callbacks {
    KafkaDelivery on_delivery = nullptr;
    KafkaRebalance on_rebalance = nullptr;
    void* opaque = nullptr;
};

KafkaPointer<rd_kafka_t> make_handle(rd_kafka_type_t type, const KafkaAddress& address, const Properties& own,
                                     const Callbacks& callbacks = {}) {
    rd_kafka_conf_t* configuration = rd_kafka_conf_new();
    try {
        set_all(configuration, own);
        set_all(configuration, address.properties);
        set_all(configuration, {{"bootstrap.servers", address.brokers}});
    } catch (...) {
        rd_kafka_conf_destroy(configuration);
        throw;
    }
    rd_kafka_conf_set_log_cb(configuration, forward_log);
    rd_kafka_conf_set_error_cb(configuration, forward_error);
    if (callbacks.on_delivery != nullptr) rd_kafka_conf_set_dr_msg_cb(configuration, callbacks.on_delivery);
    if (callbacks.on_rebalance != nullptr)
        rd_kafka_conf_set_rebalance_cb(configuration, callbacks.on_rebalance);
    rd_kafka_conf_set_opaque(configuration, callbacks.opaque);
    std::array<char, 512> reason{};
    rd_kafka_t* handle = rd_kafka_new(type, configuration, reason.data(), reason.size());
    if (handle == nullptr) {
        rd_kafka_conf_destroy(configuration);
        throw usage_error(fmt::format("connecting to Kafka at {}", address.brokers), reason.data());
    }
    return KafkaPointer<rd_kafka_t>(handle);
}

std::string_view remedy_for(rd_kafka_resp_err_t code) {
    switch (code) {
        case RD_KAFKA_RESP_ERR__TRANSPORT:
        case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
        case RD_KAFKA_RESP_ERR__TIMED_OUT:
        case RD_KAFKA_RESP_ERR__RESOLVE:
        case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
            return "Check that a broker runs at this address and that its advertised listeners can be "
                   "reached from this machine.";
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
            return "Create it with: millrace --bronze kafka://HOST:PORT topic create NAME";
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
            return "Give this user the permission (an ACL) on the broker.";
        case RD_KAFKA_RESP_ERR__AUTHENTICATION:
        case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
        case RD_KAFKA_RESP_ERR__SSL:
            return "Check security.protocol, sasl.* and ssl.* (--kafka KEY=VALUE).";
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
            return "Raise message.max.bytes of the broker (or max.message.bytes of the topic), and use "
                   "--kafka "
                   "message.max.bytes=N.";
        default:
            return {};
    }
}

bool is_unreachable(rd_kafka_resp_err_t code) {
    return code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__TIMED_OUT ||
           code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
}

bool is_transient(rd_kafka_resp_err_t code) {
    switch (code) {
        case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
        case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
        case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
        case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
        case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
        case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
        case RD_KAFKA_RESP_ERR__TRANSPORT:
        case RD_KAFKA_RESP_ERR__WAIT_COORD:
            return true;
        default:
            return false;
    }
}

}  // namespace

void ask_kafka(const KafkaAddress& address, std::string_view doing,
               const std::function<rd_kafka_resp_err_t()>& request) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kafka_timeout_ms);
    for (;;) {
        const rd_kafka_resp_err_t error = request();
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return;
        if (!is_transient(error) || std::chrono::steady_clock::now() > end)
            throw kafka_error(address, doing, error);
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

KafkaAddress KafkaAddress::parse(std::string_view url) {
    constexpr std::string_view scheme = "kafka://";
    KafkaAddress address;
    if (url.starts_with(scheme)) {
        const std::string_view rest = url.substr(scheme.size());
        const auto slash = rest.find('/');
        address.brokers = rest.substr(0, slash);
        if (slash != std::string_view::npos) address.topic = rest.substr(slash + 1);
    }
    if (address.brokers.empty() || address.topic.contains('/')) {
        throw usage_error(fmt::format("reading the address {}", url),
                          "it is not the address of a Kafka topic",
                          "Write kafka://HOST:PORT[,HOST:PORT…]/TOPIC.");
    }
    return address;
}

KafkaFetchLimits KafkaFetchLimits::for_partitions(int partitions) {
    const auto share = [&](int all, int least) { return std::max(all / std::max(partitions, 1), least); };
    return {.messages = share(90'000, 1000),
            .kib = share(48 << 10, 1 << 10),
            .fetch_bytes = share(3 << 20, 64 << 10)};
}

KafkaPointer<rd_kafka_t> make_kafka_consumer(const KafkaAddress& address, const KafkaFetchLimits& limits) {
    Properties own = {{"client.id", "millrace"},
                      {"isolation.level", "read_committed"},
                      {"enable.auto.commit", "false"},
                      {"enable.partition.eof", "true"},
                      {"auto.offset.reset", "error"},
                      // A fetch request waits this long for partitions without new records. Partitions whose
                      // queue ran empty in the meantime wait as long.
                      {"fetch.wait.max.ms", "25"},
                      {"fetch.message.max.bytes", std::to_string(limits.fetch_bytes)},
                      // A full queue pauses fetching for this long. The pause must be short compared with the
                      // time that it takes to empty the queue.
                      {"fetch.error.backoff.ms", "5"},
                      {"queued.min.messages", std::to_string(limits.messages)},
                      {"queued.max.messages.kbytes", std::to_string(limits.kib)}};
    if (rd_kafka_version() >= kafka_has_queue_backoff) own["fetch.queue.backoff.ms"] = "5";
    return make_handle(RD_KAFKA_CONSUMER, address, own);
}

KafkaPointer<rd_kafka_t> make_kafka_member(const KafkaAddress& address, const std::string& group,
                                           KafkaRebalance on_rebalance, void* opaque) {
    return make_handle(RD_KAFKA_CONSUMER, address,
                       {{"client.id", "millrace"},
                        {"group.id", group},
                        // Added partitions are found within this time.
                        {"topic.metadata.refresh.interval.ms", "10000"},
                        {"partition.assignment.strategy", "cooperative-sticky"},
                        {"session.timeout.ms", "10000"},
                        {"heartbeat.interval.ms", "1000"},
                        {"enable.auto.commit", "false"},
                        {"enable.auto.offset.store", "false"}},
                       {.on_rebalance = on_rebalance, .opaque = opaque});
}

KafkaPointer<rd_kafka_t> make_kafka_producer(const KafkaAddress& address, KafkaDelivery on_delivery) {
    return make_handle(RD_KAFKA_PRODUCER, address,
                       {{"client.id", "millrace"},
                        {"acks", "all"},
                        {"enable.idempotence", "true"},
                        {"compression.codec", "lz4"},
                        {"linger.ms", "1"},
                        {"batch.size", "1000000"},
                        {"delivery.timeout.ms", "120000"},
                        {"queue.buffering.max.messages", "200000"},
                        {"queue.buffering.max.kbytes", "131072"}},
                       {.on_delivery = on_delivery});
}

Error kafka_error(const KafkaAddress& address, std::string_view doing, rd_kafka_resp_err_t code,
                  std::string_view detail) {
    std::string cause = fmt::format("Kafka at {}: {}", address.brokers, rd_kafka_err2str(code));
    std::string reason(detail);
    if (is_unreachable(code)) {
        const std::string failure = failures().recent();
        if (failure.contains("SSL") || failure.contains("SASL") || failure.contains("security.protocol"))
            code = RD_KAFKA_RESP_ERR__AUTHENTICATION;
        if (!failure.empty()) reason = failure;
    }
    if (!reason.empty()) cause += fmt::format(" ({})", reason);
    return Error(doing, cause, remedy_for(code));
}

}  // namespace millrace::bronze
