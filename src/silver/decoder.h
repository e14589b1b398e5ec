#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "model/event.h"
#include "silver/fast_path_decoder.h"
#include "silver/text_arena.h"
#include "silver/verdict.h"

namespace millrace::silver {

/// Decodes the JSON of records into events (docs/formats/event.md). The fast path decodes simple records, and
/// simdjson's on-demand parser decodes all others. Not thread-safe.
class Decoder {
  public:
    Decoder();
    Decoder(Decoder&&) noexcept;
    Decoder& operator=(Decoder&&) noexcept;
    ~Decoder();

    /// Decodes `value`. bronze::record_padding bytes must be readable after it. The whole record is read, so
    /// that bad syntax in an ignored field is found too. The event's strings are valid until the next call.
    /// An absent timestamp becomes `arrival`, if there is one. An absent event_id stays a view of nothing:
    /// its data() is nullptr. Without a user_id, it is the anonymous_id. A field that an event can be without
    /// and whose value is odd stands in the properties.
    Verdict decode(std::string_view value, model::Event& event,
                   std::optional<model::Timestamp> arrival = std::nullopt);

    /// The number of fields so far that were kept with the properties: those that the event format does not
    /// define, and those that a column can't hold.
    [[nodiscard]] std::int64_t unknown_fields() const {
        return unknown_fields_ + fast_path_.unknown_fields();
    }

  private:
    struct Walk;
    struct Parser;

    FastPathDecoder fast_path_;
    std::unique_ptr<Parser> parser_;
    std::int64_t unknown_fields_ = 0;
    std::string properties_;
    TextArena arena_;
};

/// Returns true if `text` is valid UTF-8.
bool is_utf8(std::string_view text);

}  // namespace millrace::silver
