#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::silver {

/// What the properties of a track message say.
enum class SegmentShape : std::uint8_t {
    other,    ///< something about a page, a cart, a list, or anything
    product,  ///< one product: `value` and `total` are of all its pieces
    order,    ///< an order, with a line for each of `products`
};

struct SegmentEventType {
    std::string_view type;
    SegmentShape shape = SegmentShape::other;
};

/// Finds the event type for the name of a track message. The names of Segment's e-commerce specification,
/// versions 1 and 2, match without regard to case, blanks, underscores, hyphens and the order of words:
/// `Completed Order` is an `Order Completed`. Other names become a type of that name. Not thread-safe.
class SegmentEventTypes {
  public:
    /// The type's text is valid until the next call.
    SegmentEventType find(std::string_view name);

  private:
    struct Known {
        std::string name;
        std::string type;
        SegmentShape shape = SegmentShape::other;
    };

    // The names that came last. A name has one place, by its hash.
    std::array<Known, 256> recent_;
};

}  // namespace millrace::silver
