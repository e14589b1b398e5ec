#include "python/log.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "bronze/kafka_log.h"
#include "bronze/segment_log.h"
#include "model/timestamp.h"
#include "storage/arrow_status.h"

namespace millrace::python {

namespace {

constexpr auto reading_log = "reading records of a log";
constexpr std::size_t poll_bytes = std::size_t{1} << 20U;

/// Builds the rows of records.
class RecordRows {
  public:
    RecordRows()
        : builder_(storage::value_of(
              arrow::RecordBatchBuilder::Make(records_schema(), arrow::default_memory_pool()), reading_log)) {
    }

    void add(const bronze::Record& record, const std::string& topic, int partition) {
        append_bytes(0, record.key);
        append_bytes(1, record.value);
        storage::check(column<arrow::StringBuilder>(2).Append(topic), reading_log);
        storage::check(column<arrow::Int32Builder>(3).Append(partition), reading_log);
        storage::check(column<arrow::Int64Builder>(4).Append(record.offset.value()), reading_log);
        storage::check(column<arrow::TimestampBuilder>(5).Append(model::to_us(record.timestamp)),
                       reading_log);
        append_headers(record);
    }

    [[nodiscard]] std::shared_ptr<arrow::RecordBatch> finish() {
        return storage::value_of(builder_->Flush(), reading_log);
    }

  private:
    template <typename Builder>
    Builder& column(int number) {
        return dynamic_cast<Builder&>(*builder_->GetField(number));
    }

    static void append_to(arrow::BinaryBuilder& builder, std::string_view bytes) {
        storage::check(bytes.data() == nullptr ? builder.AppendNull() : builder.Append(bytes), reading_log);
    }
    void append_bytes(int number, std::string_view bytes) {
        append_to(column<arrow::BinaryBuilder>(number), bytes);
    }

    void append_headers(const bronze::Record& record) {
        auto& lists = column<arrow::ListBuilder>(6);
        if (!bronze::has_headers(record)) return storage::check(lists.AppendNull(), reading_log);
        storage::check(lists.Append(), reading_log);
        auto& pairs = dynamic_cast<arrow::StructBuilder&>(*lists.value_builder());
        for (const bronze::Header& header : bronze::decode_headers(record)) {
            storage::check(pairs.Append(), reading_log);
            auto& keys = dynamic_cast<arrow::StringBuilder&>(*pairs.field_builder(0));
            storage::check(keys.Append(header.key), reading_log);
            append_to(dynamic_cast<arrow::BinaryBuilder&>(*pairs.field_builder(1)), header.value);
        }
    }

    std::unique_ptr<arrow::RecordBatchBuilder> builder_;
};

}  // namespace

std::unique_ptr<bronze::EventLog> open_log(const std::string& place, const std::string& topic,
                                           const std::map<std::string, std::string>& properties) {
    if (!place.starts_with("kafka://")) return bronze::SegmentLog::open(place, topic);
    bronze::KafkaAddress address = bronze::KafkaAddress::parse(place);
    if (address.topic.empty()) address.topic = topic;
    for (const auto& [key, value] : properties) address.properties[key] = value;
    return std::make_unique<bronze::KafkaLog>(std::move(address));
}

std::shared_ptr<arrow::Schema> records_schema() {
    static const auto headers = arrow::list(
        arrow::struct_({arrow::field("key", arrow::utf8()), arrow::field("value", arrow::binary())}));
    static const auto schema = arrow::schema({
        arrow::field("key", arrow::binary()),
        arrow::field("value", arrow::binary()),
        arrow::field("topic", arrow::utf8(), false),
        arrow::field("partition", arrow::int32(), false),
        arrow::field("offset", arrow::int64(), false),
        arrow::field("timestamp", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), false),
        arrow::field("headers", headers),
    });
    return schema;
}

Log::Log(const std::string& place, const std::string& topic,
         const std::map<std::string, std::string>& properties)
    : log_(open_log(place, topic, properties)) {}

std::map<int, std::pair<std::int64_t, std::int64_t>> Log::offsets() const {
    log_->look_for_partitions();
    std::map<int, std::pair<std::int64_t, std::int64_t>> offsets;
    for (int partition = 0; partition < log_->partitions(); ++partition) {
        const bronze::OffsetRange range = log_->offsets(partition);
        offsets[partition] = {range.start.value(), range.end.value()};
    }
    return offsets;
}

void Log::check_partition(int partition) const {
    if (partition >= log_->partitions()) log_->look_for_partitions();
    if (partition < 0 || partition >= log_->partitions())
        throw usage_error(reading_log, fmt::format("{} has no partition {}", topic(), partition),
                          fmt::format("Its partitions are 0 to {}.", log_->partitions() - 1));
}

/// A reader may be at the end of what is there for a moment, so the range ends where the log ended before.
Rows Log::read(int partition, std::int64_t start, std::int64_t end, std::int64_t max_bytes) const {
    check_partition(partition);
    const bronze::Offset last = std::min(bronze::Offset(end), log_->offsets(partition).end);
    RecordRows rows;
    std::int64_t bytes = 0;
    const auto reader = log_->read(partition, bronze::Offset(start));
    while (reader->next_offset() < last && bytes < max_bytes) {
        const bronze::Offset before = reader->next_offset();
        const auto records = reader->poll(poll_bytes);
        if (records.empty() && reader->next_offset() == before) break;
        for (const bronze::Record& record : records) {
            if (record.offset >= last || bytes >= max_bytes) break;
            rows.add(record, topic(), partition);
            bytes +=
                static_cast<std::int64_t>(record.key.size() + record.value.size() + record.headers.size());
        }
    }
    return {records_schema(), {rows.finish()}};
}

}  // namespace millrace::python
