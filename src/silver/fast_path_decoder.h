#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/event.h"
#include "silver/event_fields.h"

namespace millrace::silver {

/// The fast path of the decoder. It reads events in the form that nearly all producers write: one object
/// without nesting, strings without escapes, plain decimal numbers, at most one space after a colon or comma.
/// It accepts only records that the full parser would accept with the same result. It judges no record: the
/// parser decides about every record that the fast path cannot read. Not thread-safe.
class FastPathDecoder {
  public:
    /// Decodes `value` into `event`. Returns false if the record has another form or a fault; `event` is
    /// unspecified then. bronze::record_padding bytes must be readable after `value`. The event's strings are
    /// views of `value`, except
    /// for its properties, which are valid until the next call. An absent event_id is a view of nothing.
    bool read(std::string_view value, model::Event& event);

    /// The number of fields so far, in accepted records, that the event format does not define.
    [[nodiscard]] std::int64_t unknown_fields() const { return unknown_fields_; }

  private:
    FieldOrder order_;
    std::int64_t unknown_fields_ = 0;
    std::string properties_;
};

}  // namespace millrace::silver
