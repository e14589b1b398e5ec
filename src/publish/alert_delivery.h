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

/// Sends the rows of the alerts table to the alert sinks, to each sink in order and at least once. The table
/// is the queue: each sink has a loop that reads the table from the sink's position, which is stored on disk.
/// A sink that fails is tried again and does not delay other sinks.
class AlertDelivery {
  public:
    /// Starts the delivery. A sink that is new starts at the end of the table. `data` must outlive this
    /// object. Throws Error if the table cannot be read.
    AlertDelivery(const catalog::DataDirectory& data, std::vector<std::unique_ptr<AlertSink>> sinks);

    /// Waits until the sinks have received all rows, for at most `limit`. If some remain, logs a warning; the
    /// next delivery sends them.
    void finish(std::chrono::seconds limit);

    /// Returns the number of alert changes up to the sequence number `last` that each sink has not received,
    /// by the name of the sink. Thread-safe.
    [[nodiscard]] std::map<std::string, std::int64_t> pending(model::AlertSequence last) const;

  private:
    /// A sink and its position.
    struct Delivery {
        std::unique_ptr<AlertSink> sink;
        std::atomic<model::AlertSequence> sent;  // sequence number of the last alert that was sent
    };

    void deliver_all(Delivery& delivery, const base::StopSignal& stop);
    [[nodiscard]] std::filesystem::path position_path(const Delivery& delivery) const;

    const catalog::DataDirectory& data_;
    std::deque<Delivery> deliveries_;
    std::vector<std::unique_ptr<RetryLoop>> loops_;  // last, since their threads use the other members
};

}  // namespace millrace::publish
