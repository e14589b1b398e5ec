#pragma once

#include <memory>
#include <vector>

#include "silver/message/message_decoder.h"

namespace millrace::silver {

/// Decodes the events of Google Analytics 4 in the three forms in which they come: an event of the
/// Measurement Protocol, whose request stands in Origin::shared; a hit of gtag.js, which is a query string
/// (gtag_hit.h); and a row of the export to BigQuery (ga4_export_row.h). view_item, add_to_cart,
/// remove_from_cart, purchase and refund are an event for each of their items, any other event is one.
/// docs/collect.md has the table.
class Ga4Decoder final : public MessageDecoder {
  public:
    Ga4Decoder();
    ~Ga4Decoder() override;

    void decode(const Message& message, std::vector<Item>& items) override;

  private:
    struct Parts;
    struct Reading;

    std::unique_ptr<Parts> parts_;
};

}  // namespace millrace::silver
