#pragma once

#include <arrow/type_fwd.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bronze/record.h"
#include "model/event.h"
#include "silver/detail_columns.h"
#include "silver/dictionary_column.h"
#include "silver/sparse_column.h"

namespace millrace::silver {

/// Where an event comes from: its record, and its place among the items that the record's decoder gives.
struct EventSource {
    const bronze::Record& record;
    std::int32_t record_index = 0;
    std::string_view format = "native";  ///< a string literal
};

/// The rows of one data file or of a part of it, as columns: clean events of one bronze partition, UTC day
/// and event type. The object is reused from batch to batch, so that appending an event rarely allocates. Not
/// thread-safe.
class EventColumns {
  public:
    /// What all rows have in common.
    struct Constants {
        std::int64_t day = 0;
        std::string_view event_type;
        int partition = 0;
        int log_epoch = 0;
    };
    /// Starts the rows of a new file and drops all rows of the file before.
    void start(const Constants& constants);
    void append(const model::Event& event, const EventSource& source);

    [[nodiscard]] std::int64_t day() const { return constants_.day; }
    [[nodiscard]] const std::string& event_type() const { return event_type_; }
    [[nodiscard]] int partition() const { return constants_.partition; }
    [[nodiscard]] int log_epoch() const { return constants_.log_epoch; }
    [[nodiscard]] std::size_t rows() const { return timestamps_.size(); }
    /// The id of a row's event.
    [[nodiscard]] std::string_view event_id(std::size_t row) const {
        const auto from = static_cast<std::size_t>(id_offsets_[row]);
        return {id_bytes_.data() + from, static_cast<std::size_t>(id_offsets_[row + 1]) - from};
    }
    /// The time of a row's event, µs.
    [[nodiscard]] std::int64_t event_time(std::size_t row) const { return timestamps_[row]; }
    /// The bytes of all event ids. The object keeps its memory, so one with many id bytes should not be
    /// reused.
    [[nodiscard]] std::size_t id_bytes() const { return id_bytes_.size(); }
    /// The number of rows that the object has had memory for.
    [[nodiscard]] std::size_t capacity() const { return timestamps_.capacity(); }

    /// Returns the rows with the columns of a silver data file, without those of details of which no row has
    /// a value: to encode a column of nothing but nulls takes 1% of Silver's time. Readers of the table see
    /// null there. The batch points into this object, which must outlive the batch and must not change.
    [[nodiscard]] std::shared_ptr<arrow::RecordBatch> batch(model::Timestamp processing_timestamp);

  private:
    void append_key(const model::Event& event, const bronze::Record& record);
    void separate_keys();

    /// The columns of texts that an event has itself.
    enum Text : std::size_t {
        of_user_id,
        of_product_id,
        of_session_id,
        of_category,
        of_device,
        of_page,
        of_order_id,
        of_currency,
        of_user_agent,
        of_referrer,
        text_count
    };

    Constants constants_;
    std::string event_type_;  // the text that constants_.event_type points to
    std::vector<std::int32_t> id_offsets_;
    std::vector<char> id_bytes_;
    std::vector<std::int64_t> timestamps_;
    std::array<DictionaryColumn, text_count> texts_;
    DictionaryColumn keys_;
    bool keys_are_users_ = true;  // true while every record's key equals its user_id; keys_ is empty then
    SparseColumn<double> prices_;
    std::vector<std::int64_t> offsets_;
    std::vector<std::int64_t> log_timestamps_;
    std::vector<std::uint8_t> high_value_;
    std::vector<std::int32_t> hours_;
    SparseColumn<std::int32_t> quantities_;
    std::vector<std::uint8_t> bots_;
    DictionaryColumn formats_;
    const char* last_format_ = nullptr;  // formats are literals: their address tells whether one is repeated
    std::vector<std::int32_t> record_indices_;
    DetailColumns details_;
    std::string key_text_;  // a key that is not UTF-8, as text
};

}  // namespace millrace::silver
