#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bronze/origin.h"
#include "bronze/record.h"
#include "silver/decoder.h"
#include "silver/formats/known_formats.h"
#include "silver/message/message_decoder.h"
#include "silver/text_arena.h"

namespace millrace::silver {

/// The version of all decoders. It grows with each change by which a record means other items or other
/// events, so that `verify` knows which rows it can decode again, and a user when a replay is worth while.
inline constexpr int decoder_version = 3;

/// The partition of a log, for the ids of events that have none.
struct LogPartition {
    std::string_view topic;
    int epoch = 0;
    int partition = 0;
};

/// Decodes the records of a log into their items. The format of a record is the one that its header names,
/// else the log's, else the one that its shape tells; most records are native events. Not thread-safe.
class RecordDecoder {
  public:
    /// `log_format` is the format of records whose header names none. The name of no format, such as `auto`,
    /// leaves it to the shape.
    explicit RecordDecoder(std::string_view log_format = {});
    RecordDecoder(RecordDecoder&&) noexcept;
    RecordDecoder& operator=(RecordDecoder&&) noexcept;
    ~RecordDecoder();

    /// Decodes a record. An item's number in the result is its record_index. A record has one item or more.
    /// The items and their strings are valid until the next call.
    std::span<Item> decode(const bronze::Record& record, const LogPartition& log) {
        static constexpr bronze::Origin unknown;
        if (!bronze::has_headers(record)) return decode(record, unknown, log);
        return decode(record, bronze::read_origin(record), log);
    }
    /// Does so for a record whose origin is known. The record's headers are not read.
    std::span<Item> decode(const bronze::Record& record, const bronze::Origin& origin,
                           const LogPartition& log);
    /// The format of the last record, a string literal.
    [[nodiscard]] std::string_view format() const { return format_; }

    /// The number of native fields so far that have no column.
    [[nodiscard]] std::int64_t unknown_fields() const { return native_.unknown_fields(); }

  private:
    void decode_native(const bronze::Record& record, const bronze::Origin& origin, const LogPartition& log);
    [[nodiscard]] std::span<Item> native_item() { return {&native_item_, 1}; }

    /// Replaces the verdict of a record that no format fits, if a framing of another program is the reason.
    std::span<Item> name_framing(std::string_view value);

    const Format* log_format_;  // nullptr: the shape tells
    Decoder native_;
    Item native_item_;
    std::array<std::unique_ptr<MessageDecoder>, format_count> others_;  // made when first needed
    std::vector<Item> items_;                                           // those of the other decoders
    std::string_view format_ = native_format;
    std::string position_;
    std::string id_;   // the derived id of a native event
    TextArena arena_;  // the campaign of a native event
};

}  // namespace millrace::silver
