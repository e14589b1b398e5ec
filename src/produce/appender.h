#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "bronze/event_log.h"

namespace millrace::produce {

/// Gathers records into batches by partition and appends them while the caller makes the next ones: one
/// writer thread a partition, and two batches under way for each. Its methods belong to one thread.
class Appender {
  public:
    static constexpr std::size_t default_batch_bytes = 1 << 20;

    explicit Appender(bronze::EventLog& log, std::size_t batch_bytes = default_batch_bytes);
    ~Appender();
    Appender(const Appender&) = delete;
    Appender& operator=(const Appender&) = delete;

    /// Adds a record to its key's partition. Throws an Error when an earlier append failed.
    void add(std::string_view key, std::string_view value, std::int64_t timestamp_ms,
             const std::vector<bronze::Header>& headers = {});
    /// Appends what is gathered and waits until all of it is durable. Throws an Error when an append failed.
    void flush();
    /// Records that are durable by now.
    [[nodiscard]] std::int64_t acknowledged() const;

  private:
    class Writer;

    bronze::EventLog& log_;
    const std::size_t batch_bytes_;
    std::vector<std::unique_ptr<Writer>> writers_;
};

}  // namespace millrace::produce
