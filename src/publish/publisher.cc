#include "publish/publisher.h"

#include <chrono>
#include <utility>

#include "publish/postgres.h"

namespace millrace::publish {

namespace {

/// How long the consumers may take at the end to receive what is left: less time if the program was stopped.
constexpr auto stop_timeout = std::chrono::seconds(2);
constexpr auto end_timeout = std::chrono::seconds(20);

}  // namespace

Publisher::Publisher(const catalog::DataDirectory& data, PublishOptions options,
                     gold::OpenWindowsChannel& windows)
    : data_(data), options_(std::move(options)), windows_(windows) {
    if (!options_.postgres.url.empty()) check_postgres_address(options_.postgres.url);
}

void Publisher::on_start() {
    auto alerts = std::make_unique<AlertDelivery>(data_, make_alert_sinks(options_.alert_sinks));
    const base::MutexLock lock(mutex_);
    alerts_ = std::move(alerts);
}

void Publisher::on_ready() {
    if (options_.postgres.url.empty()) return;
    auto postgres = std::make_unique<PostgresPublisher>(data_, options_.postgres, windows_);
    const base::MutexLock lock(mutex_);
    postgres_ = std::move(postgres);
}

void Publisher::on_end(bool stopped) {
    const auto timeout = stopped ? stop_timeout : end_timeout;
    AlertDelivery* alerts = nullptr;
    PostgresPublisher* postgres = nullptr;
    {
        const base::MutexLock lock(mutex_);
        alerts = alerts_.get();
        postgres = postgres_.get();
    }
    // Both live as long as this object, and lag() may be called while they finish.
    if (alerts != nullptr) alerts->finish(timeout);
    if (postgres != nullptr) postgres->finish(timeout);
}

DeliveryLag Publisher::lag(const gold::PublishedVersions& published) const {
    const base::MutexLock lock(mutex_);
    DeliveryLag lag;
    if (alerts_) lag.alerts = alerts_->pending(published.last_alert);
    if (postgres_) lag.postgres = postgres_->backlog(published.tables);
    return lag;
}

}  // namespace millrace::publish
