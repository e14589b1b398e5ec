#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

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

/// How far each consumer outside is behind Gold's tables.
struct DeliveryLag {
    std::map<std::string, std::int64_t> alerts;  ///< changes of alerts that a sink hasn't been sent, by sink
    std::optional<PostgresBacklog> postgres;     ///< nothing without PostgreSQL
};

/// Carries Gold's alerts to their sinks and Gold's tables to PostgreSQL, while this process runs Gold. The
/// Delta tables are the queue: nothing is lost when a consumer is away, and none holds up Gold or another.
class Publisher : public gold::GoldObserver {
  public:
    /// `data` and `windows` must outlive it. Throws a usage Error for an address that makes no sense.
    Publisher(const catalog::DataDirectory& data, PublishOptions options, gold::OpenWindowsChannel& windows);

    void on_start() override;
    void on_ready() override;
    void on_end(bool stopped) override;

    /// The lag behind what Gold has published. Thread-safe.
    [[nodiscard]] DeliveryLag lag(const gold::PublishedVersions& published) const;

  private:
    const catalog::DataDirectory& data_;
    const PublishOptions options_;
    gold::OpenWindowsChannel& windows_;
    mutable std::mutex mutex_;
    std::unique_ptr<AlertDelivery> alerts_;        // guarded by mutex_
    std::unique_ptr<PostgresPublisher> postgres_;  // guarded by mutex_
};

}  // namespace millrace::publish
