#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "bronze/event_log.h"
#include "python/rows.h"

namespace millrace::python {

/// Opens a log. `place` is `kafka://HOST:PORT[,HOST:PORT]/TOPIC`, or the folder of a log (`DATA/bronze`) with
/// a `topic`. `properties` are those of librdkafka. Throws an Error if there is no such topic.
std::unique_ptr<bronze::EventLog> open_log(const std::string& place, const std::string& topic,
                                           const std::map<std::string, std::string>& properties);

/// A topic of Kafka, or of a shop's own log, whose records programs in Python read. Thread-safe.
class Log {
  public:
    /// Opens a log, as open_log() does.
    Log(const std::string& place, const std::string& topic,
        const std::map<std::string, std::string>& properties);

    [[nodiscard]] const std::string& topic() const { return log_->topic(); }
    [[nodiscard]] int epoch() const { return log_->epoch(); }
    /// The offsets of the first record of each partition, and after its last one.
    [[nodiscard]] std::map<int, std::pair<std::int64_t, std::int64_t>> offsets() const;
    /// Reads the records of a range of offsets of one partition: up to `end`, and until they have about
    /// `max_bytes`, but at least one. The columns are those of records_schema().
    [[nodiscard]] Rows read(int partition, std::int64_t start, std::int64_t end,
                            std::int64_t max_bytes) const;

  private:
    void check_partition(int partition) const;

    std::unique_ptr<bronze::EventLog> log_;
};

/// The columns of records, as Spark names Kafka's: key, value, topic, partition, offset, timestamp and
/// headers.
std::shared_ptr<arrow::Schema> records_schema();

}  // namespace millrace::python
