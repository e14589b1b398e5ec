#pragma once

#include <string_view>
#include <vector>

#include "bronze/origin.h"
#include "model/event.h"
#include "silver/verdict.h"

namespace millrace::silver {

/// A message as a record of Bronze holds it.
struct Message {
    /// The bytes that the sender sent. bronze::record_padding bytes are readable after them.
    std::string_view text;
    bronze::Origin origin;
    base::WallTime log_time;  ///< the record's timestamp
    /// What ids are derived from where the sender gave none: the record's position
    /// `topic/epoch/partition/offset`, or, for a record that was corrected and replayed, the position of the
    /// original.
    std::string_view position;
};

/// One thing that a message says: an event, something that breaks a rule, or something that is no event.
struct Item {
    model::Event event;        ///< valid if `verdict` is ok and `ignored` is absent
    Verdict verdict;           ///< the rule that the item breaks
    std::string_view ignored;  ///< why the item is no event, such as `identify`: a string literal, or absent
};

/// Decodes the messages of one format. A message yields one item or more. Not thread-safe.
class MessageDecoder {
  public:
    virtual ~MessageDecoder() = default;

    /// Decodes a message into `items`, which it clears first. The strings of the events point into the
    /// message or into this object, and are valid until the next call. Never throws for what the message
    /// holds.
    virtual void decode(const Message& message, std::vector<Item>& items) = 0;
};

}  // namespace millrace::silver
