#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "model/timestamp.h"
#include "produce/event_text.h"
#include "produce/shop.h"

namespace millrace::produce {

/// Writes what happens in the simulated shop as events (docs/formats/event.md). Not thread-safe.
class EventWriter {
  public:
    /// Returns the event as JSON, which lives until the next call. The event_id contains `number`.
    std::string_view write(std::int64_t number, const ShopEvent& event, model::Timestamp time);
    /// Returns the user_id of the last event.
    [[nodiscard]] std::string_view user_id() const { return user_.text(); }

  private:
    /// A prefix followed by the digits of a number, such as evt_00000001.
    class Id {
      public:
        /// `prefix` is at most 8 bytes.
        std::string_view write(std::string_view prefix, std::int64_t number, int min_digits);
        [[nodiscard]] std::string_view text() const { return {bytes_.data(), size_}; }

      private:
        std::array<char, 32> bytes_{};
        std::size_t size_ = 0;
    };

    void write_page(const ShopEvent& event);
    void write_product(const Product& chosen);

    EventText text_;
    Id user_;
    Id product_;
    Id other_;
};

}  // namespace millrace::produce
