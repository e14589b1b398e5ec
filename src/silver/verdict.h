#pragma once

#include <string_view>

#include "model/rule.h"

namespace millrace::silver {

/// What decoding or checking a record found: a broken rule and the field that broke it (a literal, or empty).
struct Verdict {
    model::Rule rule = model::Rule::none;
    std::string_view field;

    [[nodiscard]] bool ok() const { return rule == model::Rule::none; }
};

}  // namespace millrace::silver
