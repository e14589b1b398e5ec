#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collect/pending_message.h"

namespace millrace::collect {

/// A part of an event that breaks no rule, but was probably meant otherwise.
struct Warning {
    std::size_t index = 0;  ///< number of the message in its request, from 0
    std::string field;
    std::string message;
};

/// Looks at native events before they are appended: for the key, and for names that were probably meant to be
/// others (near_miss.h). Not thread-safe.
class NativeScan {
  public:
    NativeScan();
    NativeScan(const NativeScan&) = delete;
    NativeScan& operator=(const NativeScan&) = delete;
    ~NativeScan();

    /// Sets the key of `into` to the user_id of `message`, else to its anonymous_id. Appends to `warnings`,
    /// which holds at most max_warnings. bronze::record_padding bytes must be readable after `message`. A
    /// message that is not a JSON object has neither key nor warnings.
    void scan(std::string_view message, std::size_t index, PendingMessage& into,
              std::vector<Warning>& warnings);

    static constexpr std::size_t max_warnings = 100;

  private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace millrace::collect
