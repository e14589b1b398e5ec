#include "python/decoder.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <memory>
#include <utility>

#include "base/error.h"
#include "silver/formats/item_check.h"
#include "silver/formats/known_formats.h"
#include "silver/quarantine_rows.h"
#include "silver/silver_table.h"
#include "silver/stage/lane.h"
#include "silver/stage/partition_files.h"

namespace millrace::python {

namespace {

/// The rows of one file of the silver table, with the columns that are its directories.
std::shared_ptr<arrow::RecordBatch> silver_rows(std::unique_ptr<silver::EventColumns> columns,
                                                model::Timestamp now) {
    const auto schema = silver::silver_schema();
    const std::shared_ptr<silver::EventColumns> owner = std::move(columns);
    auto rows = owner->batch(now);
    const auto add = [&](const std::string& name, const std::string& value) {
        rows = with_constant(*rows, schema->GetFieldByName(name), arrow::StringScalar(value));
    };
    add("event_date", model::format_day(owner->day()));
    add("event_type", owner->event_type());
    return keep_alive(*with_schema(*rows, schema), owner);
}

}  // namespace

/// The rows of one call.
class Decoder::Batch {
  public:
    Batch(Decoder& decoder, DecoderCounts& counts) : decoder_(decoder), counts_(counts) {}

    void add(const InputRecord& input, std::span<silver::Item> items, std::string_view format) {
        ++counts_.records;
        bytes_ += static_cast<std::int64_t>(input.record.value.size());
        std::int32_t index = 0;
        for (const silver::Item& item : items) {
            ++items_;
            const silver::EventSource source{input.record, index++, format};
            ++counts_.items;
            if (!item.ignored.empty()) {
                ++counts_.ignored[std::string(item.ignored)];
            } else if (!item.verdict.ok()) {
                ++counts_.quarantined;
                quarantine_.push_back(silver::quarantine_row(source, input.partition, item.verdict));
            } else {
                ++counts_.silver;
                const auto place = files_.try_emplace(input.partition, columns_, input.partition).first;
                if (place->second.append(item.event, source, decoder_.log_.epoch)) ++file_count_;
            }
        }
    }

    [[nodiscard]] bool full() const {
        const silver::LaneLimits limits;
        return items_ >= limits.rows || bytes_ >= limits.bytes || file_count_ >= limits.files;
    }

    /// Appends the rows.
    void finish(std::vector<std::shared_ptr<arrow::RecordBatch>>& silver,
                std::vector<std::shared_ptr<arrow::RecordBatch>>& quarantine) {
        const model::Timestamp now = base::now();
        std::vector<std::unique_ptr<silver::EventColumns>> files;
        for (auto& [partition, of_partition] : files_) of_partition.move_to(files);
        for (auto& file : files) silver.push_back(silver_rows(std::move(file), now));
        std::vector<const silver::QuarantineRow*> rows;
        rows.reserve(quarantine_.size());
        for (const silver::QuarantineRow& row : quarantine_) rows.push_back(&row);
        if (!rows.empty())
            quarantine.push_back(
                silver::quarantine_batch(rows, decoder_.log_.topic, decoder_.log_.epoch, now));
    }

  private:
    Decoder& decoder_;
    DecoderCounts& counts_;
    silver::ColumnPool columns_;
    std::map<std::int32_t, silver::PartitionFiles> files_;
    std::vector<silver::QuarantineRow> quarantine_;
    std::int64_t items_ = 0;
    std::int64_t bytes_ = 0;
    std::size_t file_count_ = 0;
};

Decoder::Decoder(model::RuleOptions rules, Log log)
    : rules_(std::move(rules)),
      log_(std::move(log)),
      types_(rules_.max_event_types),
      checker_(rules_, types_),
      decoder_(rules_.message_format) {
    const std::string& format = rules_.message_format;
    if (format != "auto" && silver::find_format(format) == nullptr)
        throw usage_error("making a decoder", fmt::format("there is no format {}", format),
                          "Use auto, native, segment, ga4, rees46 or retailrocket.");
}

/// Works in parts like a lane's, whose columns of texts stay below 2 GiB.
Decoder::Decoded Decoder::decode(const std::vector<InputRecord>& records) {
    const base::MutexLock lock(mutex_);
    std::vector<std::shared_ptr<arrow::RecordBatch>> silver;
    std::vector<std::shared_ptr<arrow::RecordBatch>> quarantine;
    for (std::size_t next = 0; next < records.size();) {
        Batch batch(*this, counts_);
        for (; next < records.size() && !batch.full(); ++next) {
            const InputRecord& input = records[next];
            const auto items = decoder_.decode(input.record, {log_.topic, log_.epoch, input.partition});
            silver::check_items(checker_, items, input.record.timestamp);
            batch.add(input, items, decoder_.format());
        }
        batch.finish(silver, quarantine);
    }
    return {.silver = Rows(silver::silver_schema(), std::move(silver)),
            .quarantine = Rows(silver::quarantine_schema(), std::move(quarantine))};
}

DecoderCounts Decoder::counts() const {
    const base::MutexLock lock(mutex_);
    return counts_;
}

}  // namespace millrace::python
