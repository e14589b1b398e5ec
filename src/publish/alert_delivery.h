#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catalog/data_directory.h"
#include "publish/alert_sink.h"
#include "publish/retry_loop.h"
#include "storage/delta_table.h"

namespace millrace::publish {

/// Sends the rows of the alerts table to the sinks, each in order and at least once. The table is the queue:
/// each sink has a follower that reads it from where the sink stands, which is kept on disk. A sink that
/// fails is tried again, and holds up nobody else.
class AlertDelivery {
  public:
    /// A sink that wasn't there before stands at the table's end.
    AlertDelivery(const catalog::DataDirectory& data, std::vector<std::unique_ptr<AlertSink>> sinks);

    /// Waits until the sinks have what the table has, but at most `limit`; what remains is warned of, and
    /// sent by the next one.
    void finish(std::chrono::seconds limit);

    /// Changes of alerts up to a sequence number that a sink hasn't been sent, by its name.
    [[nodiscard]] std::map<std::string, std::int64_t> pending(std::int64_t last) const;

  private:
    /// A sink and where it stands.
    struct Delivery {
        std::unique_ptr<AlertSink> sink;
        std::atomic<std::int64_t> sent = 0;  // the last sequence number
    };

    void deliver_all(Delivery& delivery, const base::StopSignal& stop);
    [[nodiscard]] std::filesystem::path position_path(const Delivery& delivery) const;

    const catalog::DataDirectory& data_;
    std::deque<Delivery> deliveries_;
    std::vector<std::unique_ptr<RetryLoop>> followers_;  // last, since they use the others
};

}  // namespace millrace::publish
