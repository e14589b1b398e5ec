#include "collect/message_cutter.h"

#include <fmt/format.h>

#include "collect/bad_body.h"
#include "collect/json_text.h"

namespace millrace::collect {

MessageCutter::MessageCutter(std::string_view body) : body_(body) {
    at_ = begin_of_json(body);
    if (at_ == body.size()) throw BadBody("it is empty");
    is_array_ = body[at_] == '[';
    if (!is_array_ && body[at_] != '{') refuse(at_, "expected an object or an array");
    if (is_array_) ++at_;
}

std::optional<std::string_view> MessageCutter::next() {
    at_ = skip_blanks(body_, at_);
    if (is_array_ && !ended_) expect_separator();
    if (ended_ && at_ < body_.size()) refuse(at_, "there is more after the array");
    if (ended_ || (!is_array_ && at_ == body_.size())) return std::nullopt;
    if (at_ == body_.size()) refuse(at_, "the array has no end");
    position_ = at_;
    at_ = end_of_value(body_, at_);
    if (at_ == std::string_view::npos) refuse(position_, "this value has no end");
    ++count_;
    return body_.substr(position_, at_ - position_);
}

/// Within an array, skips the comma before the next element or the bracket at the end of the array.
void MessageCutter::expect_separator() {
    if (at_ < body_.size() && body_[at_] == ']') {
        ended_ = true;
        at_ = skip_blanks(body_, at_ + 1);
        return;
    }
    if (count_ > 0) {
        if (at_ == body_.size() || body_[at_] != ',') refuse(at_, "expected a comma or the end of the array");
        at_ = skip_blanks(body_, at_ + 1);
    }
    if (at_ < body_.size() && (body_[at_] == ']' || body_[at_] == ',')) refuse(at_, "expected a value");
}

void MessageCutter::refuse(std::size_t position, std::string_view what) const {
    throw BadBody(fmt::format("it is not JSON: value {}, at byte {}: {}", count_, position, what));
}

}  // namespace millrace::collect
