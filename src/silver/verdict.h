#pragma once

#include <string_view>

#include "model/rule.h"

namespace millrace::silver {

/// The result of decoding or checking a record.
struct Verdict {
    model::ValidationRule rule = model::ValidationRule::none;  ///< the broken rule, or none
    std::string_view field;  ///< the field that broke the rule: a string literal, or empty

    [[nodiscard]] bool ok() const { return rule == model::ValidationRule::none; }
};

}  // namespace millrace::silver
