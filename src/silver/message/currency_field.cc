#include "silver/message/currency_field.h"

#include <algorithm>

#include "model/currency.h"

namespace millrace::silver {

namespace {

bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

}  // namespace

void set_currency(MessageFields& fields, JsonTree::Index index, bool has_amounts, model::Event& event) {
    if (index == JsonTree::none || fields.tree()[index].kind != JsonKind::string) return;
    auto code = fields.text(index);
    if (code && code->size() == 3 && std::ranges::any_of(*code, is_lower)) {
        char* const to = fields.arena().begin(code->size());
        std::ranges::transform(*code, to,
                               [](char c) { return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c; });
        code = fields.arena().finish(to + code->size());
    }
    if (has_amounts || (code && model::is_currency(*code))) {
        event.currency = code;
    } else {
        fields.tree()[index].taken = false;
    }
}

}  // namespace millrace::silver
