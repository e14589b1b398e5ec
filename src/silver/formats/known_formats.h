#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "silver/message/message_decoder.h"

namespace millrace::silver {

/// A format of messages.
struct Format {
    std::string_view name;  ///< as in the header `millrace-format` and in silver's column `format`
    std::size_t number = 0;
    /// Makes a decoder; nullptr for native events, which silver::Decoder decodes.
    std::unique_ptr<MessageDecoder> (*make)() = nullptr;
};

inline constexpr std::size_t format_count = 5;
inline constexpr std::string_view native_format = "native";

/// Returns the format of this name, or nullptr.
const Format* find_format(std::string_view name);
/// Returns the format that the shape of a message tells, where it is not a native event; nullptr if none.
const Format* find_format_of(std::string_view message);

}  // namespace millrace::silver
