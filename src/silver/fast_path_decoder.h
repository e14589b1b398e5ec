#pragma once

#include <cstdint>
#include <string_view>

#include "model/event.h"
#include "silver/event_fields.h"

namespace millrace::silver {

/// The decoder's fast path: reads events that are written as nearly all producers write them, namely one
/// object without nesting, strings without escapes, plain decimal numbers, at most one space after a colon or
/// comma. It accepts nothing that the decoder's parser would not accept with
/// the same result, and judges nothing: whatever else it meets, it leaves the record to that parser.
class FastPathDecoder {
  public:
    /// False when the record is written otherwise or has a fault; `event` is unspecified then.
    /// bronze::record_padding bytes must be readable behind `value`, of which the event's strings are views.
    bool read(std::string_view value, model::Event& event);

    /// Fields of records that were read which the event format doesn't know, since the start.
    [[nodiscard]] std::int64_t unknown_fields() const { return unknown_fields_; }

  private:
    FieldOrder order_;
    std::int64_t unknown_fields_ = 0;
};

}  // namespace millrace::silver
