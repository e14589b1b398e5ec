#pragma once

#include <string>
#include <string_view>

namespace millrace::collect {

/// A body that has its messages in an array, and members that hold for all of them.
struct MessageBatch {
    std::string_view messages;   ///< the array, as it is in the body
    std::string shared;          ///< a JSON object of the other members, without the sender's key; or empty
    std::string_view write_key;  ///< what the body gives as the sender's key, or empty
};

/// Opens a batch whose array is the member `member`, such as `{"batch":[…],"sentAt":…}`. A body that is an
/// array has no other members. Throws BadBody if `body` is neither. The views point into `body`.
MessageBatch open_batch(std::string_view body, std::string_view member);

/// Returns the text member of this name of the object that `body` holds, or an empty view.
std::string_view text_member(std::string_view body, std::string_view name);

}  // namespace millrace::collect
