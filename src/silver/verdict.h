#pragma once

#include <string_view>

#include "model/rule.h"

namespace millrace::silver {

/// What decoding or checking a record found: a broken rule and the field that broke it (a literal, or empty).
struct Verdict {
    model::ValidationRule rule = model::ValidationRule::none;
    std::string_view field;

    [[nodiscard]] bool ok() const { return rule == model::ValidationRule::none; }
};

}  // namespace millrace::silver
