#pragma once

#include <memory>
#include <vector>

#include "silver/message/message_decoder.h"

namespace millrace::silver {

/// Decodes the rows of REES46's files of shop events: a message is a line, and Origin::columns is the header
/// of its file. The times are UTC. Columns that no column of silver holds go to `properties`.
class Rees46Decoder final : public MessageDecoder {
  public:
    Rees46Decoder();
    ~Rees46Decoder() override;

    void decode(const Message& message, std::vector<Item>& items) override;

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

/// Decodes the rows of RetailRocket's events.csv. The file has no prices: Origin::shared may have the price
/// as `{"price":9.99}`.
class RetailrocketDecoder final : public MessageDecoder {
  public:
    RetailrocketDecoder();
    ~RetailrocketDecoder() override;

    void decode(const Message& message, std::vector<Item>& items) override;

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace millrace::silver
