#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "bronze/event_log.h"

namespace millrace::produce {

/// Collects records into batches by partition, and appends them while the caller creates the next ones. Each
/// partition has one writer thread and two batches. Not thread-safe: one thread calls all methods. The log
/// must outlive the appender.
class Appender {
  public:
    static constexpr std::size_t default_batch_bytes = 1 << 20;

    explicit Appender(bronze::EventLog& log, std::size_t batch_bytes = default_batch_bytes);
    ~Appender();
    Appender(const Appender&) = delete;
    Appender& operator=(const Appender&) = delete;

    /// Adds a record to its key's partition. Throws an Error if an earlier append failed.
    void add(std::string_view key, std::string_view value, base::WallTime timestamp,
             const std::vector<bronze::Header>& headers = {});
    /// Appends all collected records and waits until they are durable. Throws an Error if an append failed.
    void flush();
    /// Returns the number of records that are durable.
    [[nodiscard]] std::int64_t acknowledged() const;

  private:
    class Writer;

    const std::size_t batch_bytes_;
    std::vector<std::unique_ptr<Writer>> writers_;
};

}  // namespace millrace::produce
