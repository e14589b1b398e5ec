#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "catalog/data_directory.h"
#include "gold/stage/gold_observer.h"
#include "gold/stage/gold_stage.h"
#include "gold/stage/open_windows.h"
#include "publish/alert_delivery.h"
#include "publish/alert_sink.h"
#include "publish/postgres_publisher.h"

namespace millrace::publish {

struct PublishOptions {
    AlertSinkSettings alert_sinks;
    PostgresOptions postgres;
};

/// How far each external consumer is behind Gold's tables.
struct DeliveryLag {
    /// Changes of alerts that a sink has not received, by the name of the sink.
    std::map<std::string, std::int64_t> alerts;
    std::optional<PostgresBacklog> postgres;  ///< nothing if PostgreSQL is not used
};

/// Delivers Gold's alerts to the sinks and Gold's tables to PostgreSQL, while this process runs Gold. The
/// Delta tables are the queue: nothing is lost while a consumer is unreachable, and no consumer delays Gold
/// or another consumer.
class Publisher : public gold::GoldObserver {
  public:
    /// `data` and `windows` must outlive it. Throws a usage Error for an invalid address.
    Publisher(const catalog::DataDirectory& data, PublishOptions options, gold::OpenWindowsChannel& windows);

    void on_start() override;
    void on_ready() override;
    void on_end(bool stopped) override;

    /// Returns how far the consumers are behind what Gold has published. Thread-safe.
    [[nodiscard]] DeliveryLag lag(const gold::PublishedVersions& published) const;

  private:
    const catalog::DataDirectory& data_;
    const PublishOptions options_;
    gold::OpenWindowsChannel& windows_;
    mutable base::Mutex mutex_;
    std::unique_ptr<AlertDelivery> alerts_ MILLRACE_GUARDED_BY(mutex_);
    std::unique_ptr<PostgresPublisher> postgres_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::publish
