#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "model/timestamp.h"

namespace millrace::produce {

/// Writes events one after another as JSON text into a buffer that is reused. Not thread-safe.
class EventText {
  public:
    void begin();
    /// Adds a string that needs no escaping, such as an id or a URL of the simulated shop.
    void plain(std::string_view name, std::string_view value);
    /// Adds a string that consists of several pieces and needs no escaping.
    void plain(std::string_view name, std::initializer_list<std::string_view> pieces);
    /// Adds a string of any bytes. Quotes, backslashes and control characters are escaped.
    void text(std::string_view name, std::string_view value);
    /// Adds a number, or any other raw JSON.
    void raw(std::string_view name, std::string_view value);
    void timestamp(model::Timestamp time);
    [[nodiscard]] std::string_view end();

  private:
    void name(std::string_view name);

    std::string buffer_;
    model::Timestamp second_ = model::Timestamp::min();  // the second whose text is in prefix_
    std::string prefix_;
};

}  // namespace millrace::produce
