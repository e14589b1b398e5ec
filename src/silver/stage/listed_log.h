#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "bronze/event_log.h"

namespace millrace::silver {

/// The log time of each record of a ListedLog, ms.
inline constexpr base::WallTime listed_log_time = base::from_ms(1'800'000'000'000);

/// A log of given records, for tests: a poll returns all records of a partition.
class ListedLog : public bronze::EventLog {
  public:
    explicit ListedLog(int partitions)
        : records_(static_cast<std::size_t>(partitions)), starts_(static_cast<std::size_t>(partitions)) {}

    /// Lets the partition begin at an offset, as retention does.
    void remove_before(int partition, std::int64_t offset) {
        starts_[static_cast<std::size_t>(partition)] = bronze::Offset(offset);
    }

    void add(int partition, const std::string& json) {
        std::string& text = texts_.emplace_back(json);
        text.append(bronze::record_padding, '\0');
        auto& records = records_[static_cast<std::size_t>(partition)];
        records.push_back({bronze::Offset(static_cast<std::int64_t>(records.size())), listed_log_time, "u",
                           std::string_view(text).substr(0, json.size()), ""});
    }

    [[nodiscard]] const std::string& topic() const override { return topic_; }
    [[nodiscard]] int partitions() const override { return static_cast<int>(records_.size()); }
    [[nodiscard]] int epoch() const override { return 1; }
    [[nodiscard]] bronze::OffsetRange offsets(int partition) const override {
        return {starts_[static_cast<std::size_t>(partition)],
                end_of(records_[static_cast<std::size_t>(partition)])};
    }
    bronze::Offset append(int /*partition*/, bronze::RecordBatchBuilder& /*batch*/) override {
        return bronze::no_offset;
    }
    [[nodiscard]] std::unique_ptr<bronze::PartitionReader> read(int partition,
                                                                bronze::Offset offset) const override {
        if (offset < starts_[static_cast<std::size_t>(partition)])
            throw bronze::NoSuchOffset("reading a listed log", "the record was removed");
        return std::make_unique<Reader>(records_[static_cast<std::size_t>(partition)], offset);
    }
    [[nodiscard]] bronze::Offset offset_at(int /*partition*/, base::WallTime /*timestamp*/) const override {
        return bronze::Offset(0);
    }
    [[nodiscard]] std::int64_t records_numbered() const override { return 0; }
    [[nodiscard]] std::uint32_t append_sequence() const override { return 0; }
    void wait_for_append(std::uint32_t /*seen*/, std::chrono::microseconds /*limit*/) const override {}
    void wake() const override {}

  private:
    static bronze::Offset end_of(std::span<const bronze::Record> records) {
        return bronze::Offset(static_cast<std::int64_t>(records.size()));
    }

    class Reader : public bronze::PartitionReader {
      public:
        Reader(std::span<const bronze::Record> records, bronze::Offset from)
            : records_(records), next_(from) {}
        std::span<const bronze::Record> poll(std::size_t /*max_bytes*/) override {
            const auto from = static_cast<std::size_t>(next_.value());
            next_ = end_of(records_);
            return records_.subspan(from);
        }
        [[nodiscard]] bronze::Offset next_offset() const override { return next_; }

      private:
        std::span<const bronze::Record> records_;
        bronze::Offset next_;
    };

    std::string topic_ = "events";
    std::deque<std::string> texts_;
    std::vector<std::vector<bronze::Record>> records_;
    std::vector<bronze::Offset> starts_;
};

}  // namespace millrace::silver
