#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>

#include "model/event.h"

namespace millrace::silver {

/// Numbers the lines of one message: a line's number is 1 plus the number of lines of the same product before
/// it. So a message that is sent again, even with its products in another order, has the same lines.
class LineNumbers {
  public:
    /// Must be called at the start of each message.
    void restart() { lines_.clear(); }
    void set(model::Event& event) {
        event.with_details().line_number = ++lines_[event.product_id.value_or(std::string_view())];
    }

  private:
    boost::unordered_flat_map<std::string_view, std::int64_t> lines_;  // the number of lines of a product
};

}  // namespace millrace::silver
