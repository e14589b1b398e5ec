#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "model/timestamp.h"

namespace millrace::produce {

/// Writes one event after another as JSON text, into a buffer that is kept.
class EventText {
  public:
    void begin();
    /// A string that needs no escaping (an id, a URL of our own making).
    void plain(std::string_view name, std::string_view value);
    /// The same, of pieces that make up one string.
    void plain(std::string_view name, std::initializer_list<std::string_view> pieces);
    /// Any bytes; quotes, backslashes and control characters are escaped.
    void text(std::string_view name, std::string_view value);
    /// A number's digits, or any other raw JSON.
    void raw(std::string_view name, std::string_view value);
    void timestamp(model::Timestamp time);
    [[nodiscard]] std::string_view end();

  private:
    void name(std::string_view name);

    std::string buffer_;
    model::Timestamp second_ = -1;  // whose text is in prefix_
    std::string prefix_;
};

}  // namespace millrace::produce
