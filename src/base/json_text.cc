#include "base/json_text.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace millrace::base {

namespace {

void write(std::string& text, const json::value& value);

void write(std::string& text, const json::array& values) {
    text += '[';
    for (const json::value& value : values) {
        if (&value != values.begin()) text += ',';
        write(text, value);
    }
    text += ']';
}

void write(std::string& text, const json::object& object) {
    text += '{';
    for (const auto& member : object) {
        if (&member != object.begin()) text += ',';
        text += json::serialize(member.key());
        text += ':';
        write(text, member.value());
    }
    text += '}';
}

void write(std::string& text, double number) {
    if (std::isfinite(number)) {
        fmt::format_to(std::back_inserter(text), "{}", number);
    } else {
        text += "null";
    }
}

void write(std::string& text, const json::value& value) {
    if (const auto* array = value.if_array()) return write(text, *array);
    if (const auto* object = value.if_object()) return write(text, *object);
    if (const auto* number = value.if_double()) return write(text, *number);
    text += json::serialize(value);
}

}  // namespace

std::string json_text(const json::value& value) {
    std::string text;
    write(text, value);
    return text;
}

}  // namespace millrace::base
