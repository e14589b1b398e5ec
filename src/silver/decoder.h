#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "model/event.h"
#include "silver/fast_path_decoder.h"
#include "silver/verdict.h"

namespace millrace::silver {

/// Decodes records' JSON into events (docs/formats/event.md): plain ones by the fast path, all others by
/// simdjson's on-demand parser. Not thread-safe.
class Decoder {
  public:
    Decoder();
    Decoder(Decoder&&) noexcept;
    Decoder& operator=(Decoder&&) noexcept;
    ~Decoder();

    /// Decodes `value`, behind which bronze::record_padding bytes must be readable. The whole record is read,
    /// so that bad syntax in an ignored field is found too. The event's strings live until the next call.
    Verdict decode(std::string_view value, model::Event& event);

    /// Fields seen that the event format doesn't know, since the start.
    [[nodiscard]] std::int64_t unknown_fields() const { return unknown_fields_ + plain_.unknown_fields(); }

  private:
    struct Walk;
    struct Parser;

    FastPathDecoder plain_;
    std::unique_ptr<Parser> parser_;
    std::int64_t unknown_fields_ = 0;
};

/// True when `text` is UTF-8.
bool is_utf8(std::string_view text);

}  // namespace millrace::silver
