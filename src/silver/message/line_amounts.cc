#include "silver/message/line_amounts.h"

namespace millrace::silver {

using model::ValidationRule;

namespace {

constexpr std::int64_t most_thousandths = 1'000'000'000;
constexpr double most_price = 1e9;

Verdict set_quantity(MessageFields& fields, JsonTree::Index index, bool strict, model::Event& event) {
    if (index == JsonTree::none) return {};
    const auto number = fields.number(index);
    const auto thousandths = number ? number->to_thousandths() : std::nullopt;
    if (!thousandths || *thousandths < 1 || *thousandths > most_thousandths)
        return strict ? Verdict{ValidationRule::bad_quantity, "quantity"} : Verdict{};
    fields.take(index);
    if (*thousandths % 1000 == 0) {
        event.quantity = static_cast<std::int32_t>(*thousandths / 1000);
    } else {
        event.quantity = 0;
        event.with_details().quantity_thousandths = thousandths;
    }
    return {};
}

Verdict set_price(MessageFields& fields, JsonTree::Index index, bool strict, model::Event& event) {
    if (index == JsonTree::none) return {};
    const auto number = fields.number(index);
    if (!number) return strict ? Verdict{ValidationRule::bad_price, "price"} : Verdict{};
    const double price = number->to_double();
    if (!strict && !(price > 0 && price <= most_price)) return {};
    event.price = price;
    fields.take(index);
    return {};
}

double pieces_of(const model::Event& event) {
    if (event.has_details && event.details.quantity_thousandths)
        return static_cast<double>(*event.details.quantity_thousandths) / 1000;
    return event.quantity;
}

}  // namespace

Verdict set_amounts(MessageFields& fields, const AmountFields& amounts, bool strict, model::Event& event) {
    Verdict fault = set_quantity(fields, amounts.quantity, strict, event);
    if (const Verdict verdict = set_price(fields, amounts.price, strict, event); fault.ok()) fault = verdict;
    const auto total = fields.number(amounts.total);
    const auto money = total ? total->to_money() : std::nullopt;
    if (!money) return fault;
    event.with_details().line_total = *money;
    fields.take(amounts.total);
    const bool has_price = event.price || (strict && amounts.price != JsonTree::none);
    if (!has_price && fault.ok() && (strict || *money > 0))
        event.price = total->to_double() / pieces_of(event);
    return fault;
}

void set_order_amount(MessageFields& fields, JsonTree::Index index,
                      std::optional<model::Money> model::EventDetails::* amount, model::Event& event) {
    const auto number = fields.number(index);
    const auto money = number ? number->to_money() : std::nullopt;
    if (!money) return;
    event.with_details().*amount = money;
    fields.take(index);
}

}  // namespace millrace::silver
