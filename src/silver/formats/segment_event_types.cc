#include "silver/formats/segment_event_types.h"

#include <xxhash.h>

#include <optional>
#include <span>

#include "silver/type_text.h"

namespace millrace::silver {

namespace {

constexpr std::size_t most_words = 5;

/// A name of the specification, as its words in lower case.
struct SpecifiedName {
    std::array<std::string_view, most_words> words;
    std::string_view type;
    SegmentShape shape = SegmentShape::other;
};

constexpr auto of_product = SegmentShape::product;
constexpr auto of_order = SegmentShape::order;

// https://segment.com/docs/connections/spec/ecommerce/v2/; the names that differ in version 1 come last.
constexpr SpecifiedName specified_names[] = {
    {{"products", "searched"}, "products_searched"},
    {{"product", "list", "viewed"}, "product_list_viewed"},
    {{"product", "list", "filtered"}, "product_list_filtered"},
    {{"promotion", "viewed"}, "promotion_viewed"},
    {{"promotion", "clicked"}, "promotion_clicked"},
    {{"product", "clicked"}, "product_clicked", of_product},
    {{"product", "viewed"}, "view", of_product},
    {{"product", "added"}, "add_to_cart", of_product},
    {{"product", "removed"}, "remove_from_cart", of_product},
    {{"cart", "viewed"}, "cart_viewed"},
    {{"checkout", "started"}, "checkout_started"},
    {{"checkout", "step", "viewed"}, "checkout_step_viewed"},
    {{"checkout", "step", "completed"}, "checkout_step_completed"},
    {{"payment", "info", "entered"}, "payment_info_entered"},
    {{"order", "updated"}, "order_updated"},
    {{"order", "completed"}, "purchase", of_order},
    {{"order", "refunded"}, "refund", of_order},
    {{"order", "cancelled"}, "order_cancelled"},
    {{"coupon", "entered"}, "coupon_entered"},
    {{"coupon", "applied"}, "coupon_applied"},
    {{"coupon", "denied"}, "coupon_denied"},
    {{"coupon", "removed"}, "coupon_removed"},
    {{"product", "added", "to", "wishlist"}, "product_added_to_wishlist", of_product},
    {{"product", "removed", "from", "wishlist"}, "product_removed_from_wishlist", of_product},
    {{"wishlist", "product", "added", "to", "cart"}, "wishlist_product_added_to_cart", of_product},
    {{"product", "shared"}, "product_shared", of_product},
    {{"cart", "shared"}, "cart_shared"},
    {{"product", "reviewed"}, "product_reviewed", of_product},
    {{"product", "category", "viewed"}, "product_list_viewed"},
    {{"order", "canceled"}, "order_cancelled"},
};

/// Returns whether `letters` are these words in any order. An empty word is none.
bool are_words(std::string_view letters, std::span<const std::string_view, most_words> words, unsigned used) {
    bool all_used = true;
    for (std::size_t i = 0; i < most_words; ++i) {
        if (words[i].empty() || (used & 1U << i) != 0) continue;
        all_used = false;
        if (!letters.starts_with(words[i])) continue;
        if (are_words(letters.substr(words[i].size()), words, used | 1U << i)) return true;
    }
    return all_used && letters.empty();
}

const SpecifiedName* specified(std::string_view name) {
    constexpr std::size_t longest = 64;
    std::string letters;
    if (name.size() > longest) return nullptr;
    for (const char c : name) {
        if (c == ' ' || c == '_' || c == '-' || c == '\t') continue;
        letters += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    for (const SpecifiedName& each : specified_names) {
        if (are_words(letters, each.words, 0)) return &each;
    }
    return nullptr;
}

}  // namespace

SegmentEventType SegmentEventTypes::find(std::string_view name) {
    Known& known = recent_[XXH3_64bits(name.data(), name.size()) % recent_.size()];
    if (known.name != name) {
        known.name = name;
        if (const auto* found = specified(name)) {
            known.type = found->type;
            known.shape = found->shape;
        } else {
            known.type = type_of_name(name);
            known.shape = SegmentShape::other;
        }
    }
    return {known.type, known.shape};
}

}  // namespace millrace::silver
