#include "gold/session.h"

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <string_view>

#include "gold/visit/entry.h"

namespace millrace::gold {

namespace {

/// The times when one product was first viewed, then put into the cart, then bought in a session.
struct ProductSteps {
    Timestamp viewed = end_of_time;
    Timestamp carted = end_of_time;
    Timestamp bought = end_of_time;

    void take(Kind kind, Timestamp time) {
        if (kind == Kind::view && viewed == end_of_time) viewed = time;
        if (kind == Kind::add_to_cart && carted == end_of_time && viewed != end_of_time) carted = time;
        if (kind == Kind::purchase && bought == end_of_time && carted != end_of_time) bought = time;
    }
};

}  // namespace

std::int64_t Session::count(Kind kind) const {
    return std::ranges::count(steps_, kind, &Step::kind);
}

/// Returns the total value of the events of one kind.
model::Money Session::worth(Kind kind) const {
    model::Money sum = 0;
    for (const Step& step : steps_) {
        if (step.kind == kind) sum += step.amount();
    }
    return sum;
}

std::int64_t Session::distinct_products() const {
    boost::container::small_vector<StringId, 32> products;
    for (const Step& step : steps_) {
        if (step.product != 0) products.push_back(step.product);
    }
    std::ranges::sort(products);
    const auto repeated = std::ranges::unique(products);
    return std::distance(products.begin(), repeated.begin());
}

bool Session::has_one_currency() const {
    return std::ranges::all_of(steps_,
                               [&](const Step& step) { return step.currency == steps_.front().currency; });
}

/// Returns the smallest value of a field in `steps`, so that the result does not depend on their order.
/// Returns an empty text if all values are null.
std::string_view Session::smallest(Field field, StringId Step::* member, Steps steps) const {
    std::string_view smallest;
    for (const Step& step : steps) {
        const std::string_view value = text(field, step.*member);
        if (!value.empty() && (smallest.empty() || value < smallest)) smallest = value;
    }
    return smallest;
}

/// Most sessions have no cart, so that no times of their products need to be compared.
FunnelPath Session::path() const {
    FunnelPath path{.user_hash = user_hash()};
    for (const Step& step : steps_) {
        path.views += step.kind == Kind::view ? 1 : 0;
        path.carts += step.kind == Kind::add_to_cart ? 1 : 0;
        path.purchases += step.kind == Kind::purchase ? 1 : 0;
        path.viewed |= step.kind == Kind::view && step.product != 0;
    }
    if (path.carts == 0) return path;
    boost::unordered_flat_map<StringId, ProductSteps> products;
    for (const Step& step : steps_) {
        if (step.product != 0) products[step.product].take(step.kind, step.time);
    }
    for (const auto& [id, product] : products) {
        path.carted |= product.carted != end_of_time;
        path.purchased |= product.bought != end_of_time;
        if (product.carted != end_of_time) path.to_cart.push_back(product.carted - product.viewed);
        if (product.bought != end_of_time) path.to_purchase.push_back(product.bought - product.carted);
    }
    return path;
}

/// The entry of the first event that has one; of several at that time, the smallest text.
StringId Session::entry() const {
    const auto first = std::ranges::find_if(steps_, [](const Step& step) { return step.entry != 0; });
    if (first == steps_.end()) return 0;
    StringId found = first->entry;
    for (auto step = first + 1; step != steps_.end() && step->time == first->time; ++step) {
        if (step->entry != 0 && step->entry != found &&
            text(Field::entry, step->entry) < text(Field::entry, found))
            found = step->entry;
    }
    return found;
}

/// What the events of the session in one currency count.
SourcedSession Session::in_currency(StringId currency) const {
    SourcedSession session{.user_hash = user_hash()};
    for (const Step& step : steps_) {
        if (step.currency != currency || step.kind != Kind::purchase) continue;
        session.converted = true;
        session.revenue += step.amount();
        if (step.order == 0) {
            ++session.without_order_id;
        } else {
            session.order_ids.push_back(strings_[Field::order].hash(step.order));
        }
    }
    return session;
}

bool Session::add_to(Sources& sources) const {
    const StringId entry_id = entry();
    bool in_time = true;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
        const StringId currency = steps_[i].currency;
        const Steps before = steps_.first(i);
        if (std::ranges::find(before, currency, &Step::currency) != before.end()) continue;
        in_time &= sources.add(start(), entry_id, currency, in_currency(currency));
    }
    return in_time;
}

void Session::write(Outcome outcome, bool is_new, Row row) const {
    const Steps at_start(steps_.begin(), std::ranges::upper_bound(steps_, start(), {}, &Step::time));
    const Steps at_end(std::ranges::lower_bound(steps_, end(), {}, &Step::time), steps_.end());
    const bool one_currency = has_one_currency();
    const bool over = outcome == Outcome::final;
    const bool bought = count(Kind::purchase) > 0 || count(Kind::repeat) > 0;
    const bool abandoned = over && count(Kind::add_to_cart) > 0 && !bought;
    row.text(text(Field::user, key_.first)).text_or_null(text(Field::session, key_.second));
    row.time(start()).time(end()).count((end() - start()) / std::chrono::milliseconds(1));
    row.count(static_cast<std::int64_t>(steps_.size())).count(distinct_products());
    row.text_or_null(smallest(Field::page, &Step::page, at_start));
    row.text_or_null(smallest(Field::page, &Step::page, at_end));
    row.text_or_null(smallest(Field::device, &Step::device, at_start));
    row.count(count(Kind::view)).count(count(Kind::add_to_cart)).count(count(Kind::purchase));
    row.text_or_null(one_currency ? text(Field::currency, steps_.front().currency) : std::string_view());
    row.money_or_null(one_currency ? std::optional(worth(Kind::purchase)) : std::nullopt);
    row.flag(over && steps_.size() == 1).flag(count(Kind::purchase) > 0).flag(abandoned);
    row.money_or_null(abandoned && one_currency ? std::optional(worth(Kind::add_to_cart)) : std::nullopt);
    row.flag(std::ranges::any_of(steps_, &Step::bot));
    write_entry(row);
    row.text(text(Field::user, key_.first)).flag(is_new);
}

void Session::write_entry(Row& row) const {
    const Entry entry = Entry::of(text(Field::entry, this->entry()));
    row.text_or_null(entry.channel).text_or_null(entry.source).text_or_null(entry.landing_page);
    for (const std::string_view part :
         {entry.referrer, entry.utm_source, entry.utm_medium, entry.utm_campaign}) {
        row.text_or_null(part);
    }
}

}  // namespace millrace::gold
