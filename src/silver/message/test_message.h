#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bronze/record.h"
#include "silver/message/message_decoder.h"

namespace millrace::silver {

/// A message with a copy of its text, which is padded as in a record, for tests.
class TestMessage {
  public:
    explicit TestMessage(std::string_view text) : text_(text) {
        const std::size_t size = text_.size();
        text_.append(bronze::record_padding, '"');
        message.text = std::string_view(text_).substr(0, size);
        message.log_time = base::from_ms(1'714'564'800'000);  // 2024-05-01T12:00:00Z
        message.position = "topic/epoch/0/7";
        message.origin.source = "web";
    }
    TestMessage(const TestMessage&) = delete;
    TestMessage& operator=(const TestMessage&) = delete;
    ~TestMessage() = default;

    Message message;

  private:
    std::string text_;
};

}  // namespace millrace::silver
