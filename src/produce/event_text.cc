#include "produce/event_text.h"

#include <fmt/format.h>

namespace millrace::produce {

void EventText::begin() {
    buffer_.clear();
    buffer_ += '{';
}

void EventText::name(std::string_view name) {
    if (buffer_.size() > 1) buffer_ += ',';
    buffer_ += '"';
    buffer_ += name;
    buffer_ += "\":";
}

void EventText::plain(std::string_view key, std::string_view value) {
    name(key);
    buffer_ += '"';
    buffer_ += value;
    buffer_ += '"';
}

void EventText::plain(std::string_view key, std::initializer_list<std::string_view> pieces) {
    name(key);
    buffer_ += '"';
    for (const std::string_view piece : pieces) buffer_ += piece;
    buffer_ += '"';
}

void EventText::text(std::string_view key, std::string_view value) {
    name(key);
    buffer_ += '"';
    for (const char c : value) {
        if (c == '"' || c == '\\') {
            buffer_ += '\\';
            buffer_ += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            buffer_ += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else {
            buffer_ += c;
        }
    }
    buffer_ += '"';
}

void EventText::raw(std::string_view key, std::string_view value) {
    name(key);
    buffer_ += value;
}

void EventText::timestamp(model::Timestamp time) {
    const model::Timestamp second = std::chrono::floor<std::chrono::seconds>(time);
    if (second != second_) {
        second_ = second;
        prefix_ = model::format_timestamp(second);
        prefix_.back() = '.';  // replaces the Z
    }
    name("timestamp");
    buffer_ += '"';
    buffer_ += prefix_;
    char digits[7] = {'0', '0', '0', '0', '0', '0', 'Z'};
    auto fraction = static_cast<std::uint32_t>((time - second).count());
    for (int i = 5; i >= 0; --i, fraction /= 10) digits[i] = static_cast<char>('0' + fraction % 10);
    buffer_.append(digits, sizeof digits);
    buffer_ += '"';
}

std::string_view EventText::end() {
    buffer_ += '}';
    return buffer_;
}

}  // namespace millrace::produce
