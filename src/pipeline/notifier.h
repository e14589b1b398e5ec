#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "base/stop.h"
#include "pipeline/data_directory.h"
#include "serve/alert_sink.h"
#include "storage/delta_table.h"

namespace millrace::pipeline {

/// Sends the rows of the alerts table to the sinks, each in order and at least once. The table is the queue:
/// each sink has a thread that reads it from where the sink stands, which is kept on disk. A sink that fails
/// is tried again, less and less often, and holds up nobody else.
class Notifier {
  public:
    /// A sink that wasn't there before stands at the table's end.
    Notifier(const DataDirectory& data, std::vector<std::unique_ptr<serve::AlertSink>> sinks);
    ~Notifier();
    Notifier(const Notifier&) = delete;
    Notifier& operator=(const Notifier&) = delete;

    /// Waits until the sinks have what the table has, but at most `limit`; what remains is warned of, and
    /// sent by the next one.
    void finish(std::chrono::seconds limit);

  private:
    /// A sink and where it stands.
    struct Delivery {
        std::unique_ptr<serve::AlertSink> sink;
        std::int64_t sent = 0;  // the last sequence number
        std::thread thread;
    };

    void work(Delivery& delivery);
    void deliver_all(Delivery& delivery);
    [[nodiscard]] std::filesystem::path position_path(const Delivery& delivery) const;

    const DataDirectory& data_;
    base::StopSignal stop_;
    base::StopSignal finish_;  // end once all is sent
    base::StopSignal ended_;   // all threads have
    std::atomic<std::size_t> working_ = 0;
    std::vector<Delivery> deliveries_;
};

}  // namespace millrace::pipeline
