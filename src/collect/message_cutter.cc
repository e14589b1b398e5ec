#include "collect/message_cutter.h"

#include <fmt/format.h>

#include <algorithm>

#include "collect/request_body.h"

namespace millrace::collect {

namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view ends_of_scalar = " \t\r\n,[]{}\"";

}  // namespace

MessageCutter::MessageCutter(std::string_view body) : body_(body) {
    if (body.starts_with(byte_order_mark)) at_ = byte_order_mark.size();
    skip_blanks();
    is_array_ = at_ < body_.size() && body_[at_] == '[';
    if (is_array_) ++at_;
}

std::optional<std::string_view> MessageCutter::next() {
    skip_blanks();
    if (is_array_ && !ended_) expect_separator();
    if (ended_ && at_ < body_.size()) refuse(at_, "there is more after the array");
    if (ended_ || (!is_array_ && at_ == body_.size())) return std::nullopt;
    position_ = at_;
    at_ = end_of_value();
    ++count_;
    return body_.substr(position_, at_ - position_);
}

void MessageCutter::skip_blanks() {
    at_ = std::min(body_.find_first_not_of(blanks, at_), body_.size());
}

/// Within an array, skips the comma before the next element or the bracket at the end of the array.
void MessageCutter::expect_separator() {
    if (at_ < body_.size() && body_[at_] == ']') {
        ended_ = true;
        ++at_;
        skip_blanks();
        return;
    }
    if (count_ == 0) return;
    if (at_ == body_.size() || body_[at_] != ',') refuse(at_, "expected a comma or the end of the array");
    ++at_;
    skip_blanks();
}

std::size_t MessageCutter::end_of_value() const {
    if (at_ == body_.size()) refuse(at_, "the array has no end");
    const char first = body_[at_];
    if (first == '{' || first == '[') return end_of_nested(at_);
    if (first == '"') return end_of_string(at_);
    // A value has at least one character, so a stray comma or bracket becomes a value, too, which is not
    // JSON.
    return std::min(body_.find_first_of(ends_of_scalar, at_ + 1), body_.size());
}

/// `from` is the position of the opening quote.
std::size_t MessageCutter::end_of_string(std::size_t from) const {
    for (std::size_t at = from + 1; at < body_.size(); ++at) {
        if (body_[at] == '\\') {
            ++at;
        } else if (body_[at] == '"') {
            return at + 1;
        }
    }
    refuse(from, "this string has no end");
}

/// `from` is the position of an opening bracket.
std::size_t MessageCutter::end_of_nested(std::size_t from) const {
    std::size_t depth = 0;
    for (std::size_t at = from; at < body_.size(); ++at) {
        switch (body_[at]) {
            case '"':
                at = end_of_string(at) - 1;
                break;
            case '{':
            case '[':
                ++depth;
                break;
            case '}':
            case ']':
                if (--depth == 0) return at + 1;
                break;
            default:
                break;
        }
    }
    refuse(from, body_[from] == '{' ? "this object has no end" : "this array has no end");
}

void MessageCutter::refuse(std::size_t position, std::string_view what) const {
    throw BadBody(fmt::format("it is not JSON: value {}, at byte {}: {}", count_, position, what),
                  accepted_bodies);
}

}  // namespace millrace::collect
