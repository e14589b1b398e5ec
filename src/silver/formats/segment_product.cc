#include "silver/formats/segment_product.h"

#include <algorithm>

#include "silver/message/currency_field.h"
#include "silver/message/line_amounts.h"

namespace millrace::silver {

namespace {

using Index = JsonTree::Index;

void set_discount(MessageFields& fields, Index index, model::Event& event) {
    const auto discount = fields.number(index);
    if (!discount) return;
    event.with_details().discount = discount->to_double();
    fields.take(index);
}

bool is_number_text(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Sets a column of the details, if there is such a member.
void set_detail(MessageFields& fields, std::optional<std::string_view> model::EventDetails::* column,
                Index index, model::Event& event) {
    if (index != JsonTree::none) fields.set_text(event.with_details().*column, index);
}

}  // namespace

Verdict set_segment_product(MessageFields& fields, const SegmentMembers& product, SegmentShape shape,
                            model::Event& event) {
    using Details = model::EventDetails;
    const bool one_product = shape != SegmentShape::other;
    Index id = product.first_of(key_product_id, key_product_id_v1);
    // Anything may have an `id` and a `name`, but only a product's are those of a product.
    const bool names_product = one_product || id != JsonTree::none;
    if (id == JsonTree::none && one_product) id = product[key_id];
    if (id == JsonTree::none) id = product[key_sku];
    fields.set_text(event.product_id, id);
    fields.set_text(event.product_category, product[key_category]);
    if (names_product) set_detail(fields, &Details::product_name, product[key_name], event);
    set_detail(fields, &Details::brand, product[key_brand], event);
    set_detail(fields, &Details::coupon, product[key_coupon], event);
    set_discount(fields, product[key_discount], event);
    AmountFields amounts{product[key_price], product[key_quantity]};
    if (one_product) amounts.total = product.first_of(key_value, key_total, key_revenue);
    return set_amounts(fields, amounts, one_product, event);
}

void set_segment_order(MessageFields& fields, const SegmentMembers& properties, SegmentShape shape,
                       model::Event& event) {
    fields.set_text(event.order_id, properties.first_of(key_order_id, key_order_id_v1));
    set_currency(fields, properties[key_currency], shape != SegmentShape::other, event);
    if (shape != SegmentShape::order) return;
    using Details = model::EventDetails;
    set_order_amount(fields, properties[key_total], &Details::order_total, event);
    set_order_amount(fields, properties[key_shipping], &Details::order_shipping, event);
    set_order_amount(fields, properties[key_tax], &Details::order_tax, event);
}

Verdict set_segment_whole_order(MessageFields& fields, const SegmentMembers& properties,
                                model::Event& event) {
    set_detail(fields, &model::EventDetails::coupon, properties[key_coupon], event);
    set_discount(fields, properties[key_discount], event);
    // An order without an id is one all the same, and is named by its event.
    event.product_id =
        fields.arena().join({model::whole_order, event.order_id ? *event.order_id : event.event_id});
    const AmountFields amounts{.price = properties[key_price],
                               .total = properties.first_of(key_total, key_revenue, key_value)};
    return set_amounts(fields, amounts, true, event);
}

bool set_segment_only_line(MessageFields& fields, const SegmentMembers& properties, model::Event& event) {
    if (event.price || (event.has_details && event.details.line_total)) return false;
    const bool part = event.quantity == 0;
    const Index index = properties.first_of(key_revenue, key_subtotal, key_value, key_total);
    const auto total = fields.number(index);
    const auto money = total ? total->to_money() : std::nullopt;
    if (!money || part) return false;
    event.with_details().line_total = *money;
    event.price = total->to_double() / event.quantity;
    return true;
}

void find_segment_lines(const JsonTree& tree, Index products, std::vector<Index>& lines) {
    lines.clear();
    if (products == JsonTree::none) return;
    const JsonNode& node = tree[products];
    if (node.kind == JsonKind::array) {
        tree.each(products, [&](Index line) {
            if (tree[line].kind != JsonKind::null) lines.push_back(line);
        });
    } else if (node.kind == JsonKind::object) {
        bool numbered = true;
        tree.each(products, [&](Index line) {
            numbered = numbered && is_number_text(tree[line].name());
            if (tree[line].kind != JsonKind::null) lines.push_back(line);
        });
        if (!numbered) lines.assign(1, products);
    }
}

}  // namespace millrace::silver
