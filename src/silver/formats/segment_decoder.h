#pragma once

#include <memory>
#include <vector>

#include "silver/message/message_decoder.h"

namespace millrace::silver {

/// Decodes the messages of Segment's family (Segment, RudderStack, Jitsu and others): one record is one
/// message of a batch, and what the batch says for all stands in Origin::shared. An order is an event for
/// each of its products, any other message is one event. docs/collect.md has the table.
class SegmentDecoder final : public MessageDecoder {
  public:
    SegmentDecoder();
    ~SegmentDecoder() override;

    void decode(const Message& message, std::vector<Item>& items) override;

  private:
    struct Parts;
    struct Reading;

    std::unique_ptr<Parts> parts_;
};

}  // namespace millrace::silver
