#pragma once

#include <cstddef>
#include <initializer_list>
#include <string_view>

#include "silver/message/message_decoder.h"
#include "silver/text_arena.h"

namespace millrace::silver {

/// Returns 32 hexadecimal digits that are a hash of these texts in this order: equal lists of texts give
/// equal ids, and different lists different ones, whatever characters they have. The view points into
/// `arena`.
std::string_view hashed_id(std::initializer_list<std::string_view> texts, TextArena& arena);

/// Returns an id for a message whose sender gave none. It comes from the source, the Idempotency-Key and the
/// message's place in the request, so that a request that is sent again adds nothing; without the key, from
/// the message's position in the log. It does not depend on the message's text, so that a corrected message
/// keeps it. The view points into `arena`.
std::string_view derived_message_id(const Message& message, TextArena& arena);

/// Returns the id of line `number` of a message, `ID#NUMBER`.
std::string_view line_id(std::string_view message_id, std::size_t number, TextArena& arena);

}  // namespace millrace::silver
