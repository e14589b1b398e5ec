#include "gold/events.h"

#include <arrow/api.h>
#include <arrow/util/bit_util.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "gold/order_amounts.h"
#include "gold/state/distinct.h"
#include "gold/visit/channel.h"
#include "gold/visit/entry.h"
#include "model/event.h"

namespace millrace::gold {

namespace {

constexpr const char* reading_events = "reading silver rows";

/// `order_cancelled` is what other formats' cancellations become; shops also send the others.
bool is_cancellation(std::string_view type) {
    constexpr std::array<std::string_view, 4> types = {"order_cancelled", "order_canceled", "cancellation",
                                                       "cancel"};
    return std::ranges::find(types, type) != types.end();
}

Kind kind_of(std::string_view type) {
    if (type == "view") return Kind::view;
    if (type == "add_to_cart") return Kind::add_to_cart;
    if (type == "purchase") return Kind::purchase;
    if (type == "refund") return Kind::refund;
    if (is_cancellation(type)) return Kind::cancellation;
    return Kind::other;
}

/// What a row of this type says of visitors; the first two are the types of messages, which are no events.
enum class IdentityType : std::uint8_t { link, removal, event };

IdentityType identity_type(std::string_view event_type) {
    if (!model::is_identity_type(event_type)) return IdentityType::event;
    return event_type == "unlink" ? IdentityType::removal : IdentityType::link;
}

template <typename Array>
const Array& column(const arrow::RecordBatch& rows, const char* name) {
    const auto found = rows.GetColumnByName(name);
    const auto* array = dynamic_cast<const Array*>(found.get());
    if (array == nullptr)
        throw Error(reading_events, fmt::format("the column {} is missing or has another type", name));
    return *array;
}

/// Returns a column that rows may lack: it was introduced later, or none of the rows has a value. Returns
/// nullptr then.
template <typename Array>
const Array* optional_column(const arrow::RecordBatch& rows, const char* name) {
    return rows.GetColumnByName(name) == nullptr ? nullptr : &column<Array>(rows, name);
}

/// Returns a value of a column that rows may lack.
template <typename Value, typename Array>
std::optional<Value> value_at(const Array* array, std::int64_t row) {
    return array == nullptr || array->IsNull(row) ? std::nullopt : std::optional<Value>(array->Value(row));
}

/// A column of decimals.
class Decimals {
  public:
    Decimals(const arrow::RecordBatch& rows, const char* name)
        : array_(optional_column<arrow::Decimal128Array>(rows, name)) {
        if (array_ != nullptr && array_->null_count() == array_->length()) array_ = nullptr;
    }

    [[nodiscard]] std::optional<model::Money> operator[](std::int64_t row) const {
        if (array_ == nullptr || array_->IsNull(row)) return std::nullopt;
        const arrow::Decimal128 value(array_->GetValue(row));
        return (static_cast<model::Money>(value.high_bits()) << 64) |
               static_cast<model::Money>(value.low_bits());
    }

  private:
    const arrow::Decimal128Array* array_;
};

/// Sets what an event is worth. A total counts as it is; of a quantity that is not whole, the price of all
/// is rounded half to even.
void set_amount(std::optional<double> price, std::optional<std::int32_t> quantity,
                std::optional<model::Money> thousandths, std::optional<model::Money> total, Event& event) {
    event.items = quantity.value_or(1);
    event.quantity = event.items;
    event.price = price ? static_cast<std::int64_t>(model::to_money(*price)) : 0;
    if (total) {
        event.price = static_cast<std::int64_t>(*total);
        event.quantity = 1;
    } else if (thousandths && !quantity) {
        const model::Money all = model::Money{event.price} * *thousandths;
        const model::Money rest = all % 1000;
        const bool up = rest > 500 || (rest == 500 && (all / 1000) % 2 != 0);
        event.price = static_cast<std::int64_t>(all / 1000 + (up ? 1 : 0));
        event.quantity = 1;
    }
}

/// An order whose sender did not name its products.
bool is_whole_order(std::string_view product_id) {
    return product_id.starts_with(model::whole_order);
}

/// Scripts write these where they have no order_id: they would join the orders of many customers.
bool is_placeholder(std::string_view order_id) {
    constexpr std::array<std::string_view, 8> texts = {"0",   "undefined", "null",    "none",
                                                       "nan", "(not set)", "not set", "false"};
    return std::ranges::any_of(texts, [order_id](std::string_view text) {
        return std::ranges::equal(text, order_id, {}, {}, [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        });
    });
}

/// A column of strings, plain or as a dictionary, or none.
class TextColumn {
  public:
    TextColumn(const arrow::RecordBatch& rows, const char* name) {
        const auto found = rows.GetColumnByName(name);
        if (found == nullptr) return;
        values_ = dynamic_cast<const arrow::StringArray*>(found.get());
        if (values_ == nullptr) read_encoded(rows, name);
        if (found->null_count() == found->length()) values_ = nullptr;
    }
    /// The distinct values of a dictionary, or those of all rows; nullptr if all are null, or if there is no
    /// such column.
    [[nodiscard]] const arrow::StringArray* values() const { return values_; }
    /// The place of a row's value among values(), or -1 for null.
    [[nodiscard]] std::int64_t place(std::int64_t row) const {
        if (valid_ != nullptr && !arrow::bit_util::GetBit(valid_, offset_ + row)) return -1;
        if (values_ == nullptr) return -1;
        return indices_ == nullptr ? row : indices_[row];
    }
    /// Empty where the value is null.
    [[nodiscard]] std::string_view operator[](std::int64_t row) const {
        const std::int64_t at = place(row);
        return at < 0 || values_->IsNull(at) ? std::string_view() : values_->GetView(at);
    }

  private:
    void read_encoded(const arrow::RecordBatch& rows, const char* name) {
        const auto& encoded = column<arrow::DictionaryArray>(rows, name);
        values_ = dynamic_cast<const arrow::StringArray*>(encoded.dictionary().get());
        const auto* indices = dynamic_cast<const arrow::Int32Array*>(encoded.indices().get());
        if (values_ == nullptr || indices == nullptr)
            throw Error(reading_events, fmt::format("the column {} is not a dictionary of strings", name));
        indices_ = indices->raw_values();
        if (encoded.null_count() == 0) return;
        valid_ = encoded.null_bitmap_data();
        offset_ = encoded.offset();
    }

    const arrow::StringArray* values_ = nullptr;
    const std::int32_t* indices_ = nullptr;  // for each row, its place in values_
    const std::uint8_t* valid_ = nullptr;    // a bit for each row that is not null; nullptr if all are not
    std::int64_t offset_ = 0;                // the place of the first row in `valid_`
};

/// The string ids of a column, by row; 0 for each row if there is no such column. Each distinct value of a
/// dictionary is looked up once.
class Ids {
  public:
    using Test = bool (*)(std::string_view);
    /// Strings that are `left_out` count as null.
    Ids(const arrow::RecordBatch& rows, const char* name, StringPool& pool, Test left_out = nullptr)
        : column_(rows, name) {
        if (column_.values() == nullptr) return;
        const arrow::StringArray& values = *column_.values();
        ids_.reserve(static_cast<std::size_t>(values.length()));
        for (std::int64_t i = 0; i < values.length(); ++i) {
            const bool is_left_out = values.IsNull(i) || (left_out != nullptr && left_out(values.GetView(i)));
            ids_.push_back(is_left_out ? 0 : pool.add(values.GetView(i)));
        }
    }

    StringId operator[](std::size_t row) const {
        if (ids_.empty()) return 0;
        const std::int64_t place = column_.place(static_cast<std::int64_t>(row));
        return place < 0 ? 0 : ids_[static_cast<std::size_t>(place)];
    }

  private:
    TextColumn column_;
    std::vector<StringId> ids_;  // indexed by TextColumn::place()
};

/// A line without a number has its place in its message.
std::int64_t line_number_at(const arrow::Int64Array* numbers, const arrow::Int32Array* indices,
                            std::int64_t row) {
    const auto number = value_at<std::int64_t>(numbers, row);
    return number ? *number : 1 + value_at<std::int32_t>(indices, row).value_or(0);
}

/// Names the line of an event that has an order.
void set_line(std::string_view event_id, std::int64_t number, Strings& strings, Event& event) {
    event.id = strings[Field::event].add(event_id);
    event.line =
        combine(combine(strings[Field::order].hash(event.order), strings[Field::product].hash(event.product)),
                static_cast<std::uint64_t>(number)) |
        1U;
}

bool has_line(const Event& event) {
    return event.order != 0 && (event.kind == Kind::purchase || is_refund(event.kind));
}

void set_amounts(const OrderAmounts& amounts, Strings& strings, Event& event) {
    if (event.kind == Kind::purchase) event.amounts = strings[Field::amounts].add(amounts.bytes());
}

/// The columns of what the sender says of the whole order.
class AmountColumns {
  public:
    explicit AmountColumns(const arrow::RecordBatch& rows)
        : totals_(rows, "order_total"),
          discounts_(rows, "order_discount"),
          shippings_(rows, "order_shipping"),
          taxes_(rows, "order_tax"),
          refused_(optional_column<arrow::Int64Array>(rows, "order_refused")) {}

    [[nodiscard]] OrderAmounts operator[](std::int64_t row) const {
        return {.total = OrderAmounts::from(totals_[row]),
                .discount = OrderAmounts::from(discounts_[row]),
                .shipping = OrderAmounts::from(shippings_[row]),
                .tax = OrderAmounts::from(taxes_[row]),
                .refused = value_at<std::int64_t>(refused_, row).value_or(0)};
    }

  private:
    const Decimals totals_, discounts_, shippings_, taxes_;
    const arrow::Int64Array* refused_;
};

/// The entries of events. An entry is made once for the same page, referrer and campaign. Most referrers are
/// pages of the same site, which say nothing.
class EntryColumns {
  public:
    EntryColumns(const arrow::RecordBatch& rows, Strings& strings)
        : strings_(strings),
          referrers_(rows, "referrer", strings[Field::visit]),
          sources_(rows, "utm_source", strings[Field::visit]),
          mediums_(rows, "utm_medium", strings[Field::visit]),
          campaigns_(rows, "utm_campaign", strings[Field::visit]) {}

    [[nodiscard]] StringId at(std::size_t row, StringId page) const {
        Strings::Parts parts{page, referrers_[row], sources_[row], mediums_[row], campaigns_[row]};
        if (parts[1] != 0 && is_own(parts[1], page)) parts[1] = 0;
        if ((parts[1] | parts[2] | parts[3] | parts[4]) != 0)
            return strings_.derived(parts, [&] { return make(parts); });
        return page == 0 ? 0 : strings_.page_entries().get(page, [&] { return make(parts); });
    }

  private:
    /// Whether a referrer is a page of the same site.
    [[nodiscard]] bool is_own(StringId referrer, StringId page) const {
        const auto site_of = [this](Field field, StringId url) {
            return [this, field, url] { return site_hash(strings_.value(field, url)); };
        };
        const std::uint64_t site = strings_.referrer_sites().get(referrer, site_of(Field::visit, referrer));
        return site != 0 && site == strings_.page_sites().get(page, site_of(Field::page, page));
    }
    [[nodiscard]] StringId make(const Strings::Parts& parts) const {
        const auto text = [&](std::size_t i) { return strings_.value(Field::visit, parts[i]); };
        return strings_[Field::entry].add(
            entry_text({strings_.value(Field::page, parts[0]), text(1), text(2), text(3), text(4)}));
    }

    Strings& strings_;
    const Ids referrers_, sources_, mediums_, campaigns_;
};

std::string entry_of(const model::Event& event, const model::EventDetails& details) {
    const PageVisit visit{event.page_url.value_or(""), event.referrer.value_or(""),
                          details.utm_source.value_or(""), details.utm_medium.value_or(""),
                          details.utm_campaign.value_or("")};
    const bool is_known = !visit.page_url.empty() || !visit.referrer.empty() || !visit.utm_source.empty() ||
                          !visit.utm_medium.empty() || !visit.utm_campaign.empty();
    return is_known ? entry_text(visit) : std::string();
}

/// The links that rows have: those with the ids of a user and of an anonymous visitor.
class LinkColumns {
  public:
    /// Links have no sessions if `sessions` is nullptr.
    LinkColumns(const arrow::RecordBatch& rows, const Ids& users, const Ids* sessions, Strings& strings)
        : users_(users),
          sessions_(sessions),
          ids_(rows, "anonymous_id", strings[Field::user]),
          times_(column<arrow::TimestampArray>(rows, "event_timestamp")) {}

    /// Adds the link of a row, if it has one. Returns true if the row is an event too.
    bool read(std::size_t row, IdentityType type, std::vector<Link>& links) const {
        const StringId id = ids_[row];
        const StringId user = users_[row];
        if (id != 0 && user != 0 && id != user) {
            links.push_back({.time = model::from_us(times_.Value(static_cast<std::int64_t>(row))),
                             .id = id,
                             .user = user,
                             .session = sessions_ == nullptr ? 0 : (*sessions_)[row],
                             .removes = type == IdentityType::removal});
        }
        return type == IdentityType::event;
    }

  private:
    const Ids& users_;
    const Ids* sessions_;
    const Ids ids_;
    const arrow::TimestampArray& times_;
};

void advance_clocks(const arrow::RecordBatch& rows, Events& events) {
    const auto& partitions = column<arrow::Int32Array>(rows, "partition");
    const auto& times = column<arrow::TimestampArray>(rows, "event_timestamp");
    const auto& log_times = column<arrow::TimestampArray>(rows, "kafka_timestamp");
    for (std::int64_t from = 0; from < rows.num_rows();) {
        const int partition = partitions.Value(from);
        std::int64_t newest = std::min(times.Value(from), log_times.Value(from));
        std::int64_t to = from + 1;
        std::int64_t last = log_times.Value(from);
        std::int64_t first = last;
        for (; to < rows.num_rows() && partitions.Value(to) == partition; ++to) {
            newest = std::max(newest, std::min(times.Value(to), log_times.Value(to)));
            last = std::max(last, log_times.Value(to));
            first = std::min(first, log_times.Value(to));
        }
        events.newest = std::max(events.newest, model::from_us(last));
        events.oldest = std::min(events.oldest, model::from_us(first));
        const auto [clock, added] = events.clocks.try_emplace(partition, model::from_us(newest));
        clock->second = std::max(clock->second, model::from_us(newest));
        from = to;
    }
}

}  // namespace

void Event::mark(Marks& marks) const {
    marks.mark(Field::user, user);
    marks.mark(Field::product, product);
    marks.mark(Field::category, category);
    marks.mark(Field::device, device);
    marks.mark(Field::session, session);
    marks.mark(Field::page, page);
    marks.mark(Field::order, order);
    marks.mark(Field::currency, currency);
    marks.mark(Field::event, id);
    marks.mark(Field::entry, entry);
    marks.mark(Field::amounts, amounts);
}

const std::vector<std::string>& event_columns() {
    static const std::vector<std::string> columns = {
        "user_id",    "product_id",   "event_timestamp", "session_id",      "product_category", "device_type",
        "page_url",   "price",        "partition",       "kafka_timestamp", "quantity",         "order_id",
        "currency",   "is_bot",       "quantity_exact",  "line_total",      "referrer",         "utm_source",
        "utm_medium", "utm_campaign", "anonymous_id"};
    return columns;
}

const std::vector<std::string>& order_columns() {
    static const std::vector<std::string> columns = {"event_id",    "line_number",    "record_index",
                                                     "order_total", "order_discount", "order_shipping",
                                                     "order_tax",   "order_refused"};
    return columns;
}

const std::vector<std::string>& visitor_columns() {
    static const std::vector<std::string> columns = {"user_id", "anonymous_id", "event_timestamp"};
    return columns;
}

bool is_of_orders(std::string_view event_type) {
    const Kind kind = kind_of(event_type);
    return kind == Kind::purchase || is_refund(kind);
}

void read_events(const arrow::RecordBatch& rows, std::optional<std::string_view> event_type, Strings& strings,
                 Events& events) {
    const auto count = static_cast<std::size_t>(rows.num_rows());
    if (count == 0) return;
    const auto ids = [&](const char* name, Field field) { return Ids(rows, name, strings[field]); };
    column<arrow::Array>(rows, "user_id");
    const auto users = ids("user_id", Field::user);
    const Ids products(rows, "product_id", strings[Field::product], is_whole_order);
    const auto categories = ids("product_category", Field::category);
    const auto devices = ids("device_type", Field::device);
    const auto sessions = ids("session_id", Field::session);
    const auto pages = ids("page_url", Field::page);
    const Ids orders(rows, "order_id", strings[Field::order], is_placeholder);
    const auto currencies = ids("currency", Field::currency);
    const auto types = event_type ? std::nullopt : std::optional(ids("event_type", Field::type));
    const Kind kind_of_all = kind_of(event_type.value_or(""));
    const IdentityType identity_of_all = identity_type(event_type.value_or(""));
    const LinkColumns links(rows, users, &sessions, strings);
    const auto& times = column<arrow::TimestampArray>(rows, "event_timestamp");
    const auto* prices = optional_column<arrow::DoubleArray>(rows, "price");
    const auto* quantities = optional_column<arrow::Int32Array>(rows, "quantity");
    const Decimals exact(rows, "quantity_exact");
    const Decimals totals(rows, "line_total");
    const TextColumn event_ids(rows, "event_id");
    const auto* numbers = optional_column<arrow::Int64Array>(rows, "line_number");
    const auto* indices = optional_column<arrow::Int32Array>(rows, "record_index");
    const auto* bots = optional_column<arrow::BooleanArray>(rows, "is_bot");
    const AmountColumns amounts(rows);
    const EntryColumns entries(rows, strings);
    events.rows.reserve(events.rows.size() + count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto row = static_cast<std::int64_t>(i);
        const std::string_view type = types ? strings.value(Field::type, (*types)[i]) : std::string_view();
        if (!links.read(i, types ? identity_type(type) : identity_of_all, events.links)) continue;
        events.rows.push_back({.time = model::from_us(times.Value(row)),
                               .kind = types ? kind_of(type) : kind_of_all,
                               .bot = value_at<bool>(bots, row).value_or(false),
                               .user = users[i],
                               .product = products[i],
                               .category = categories[i],
                               .device = devices[i],
                               .session = sessions[i],
                               .page = pages[i],
                               .order = orders[i],
                               .currency = currencies[i],
                               .entry = entries.at(i, pages[i])});
        Event& event = events.rows.back();
        set_amount(value_at<double>(prices, row), value_at<std::int32_t>(quantities, row), exact[row],
                   totals[row], event);
        if (!has_line(event)) continue;
        set_line(event_ids[row], line_number_at(numbers, indices, row), strings, event);
        set_amounts(amounts[row], strings, event);
    }
    advance_clocks(rows, events);
}

void read_visitors(const arrow::RecordBatch& rows, std::string_view event_type, Strings& strings,
                   Events& events) {
    const Ids users(rows, "user_id", strings[Field::user]);
    const LinkColumns links(rows, users, nullptr, strings);
    const auto& times = column<arrow::TimestampArray>(rows, "event_timestamp");
    const IdentityType type = identity_type(event_type);
    for (std::size_t i = 0; i < static_cast<std::size_t>(rows.num_rows()); ++i) {
        if (links.read(i, type, events.links))
            events.rows.push_back(
                {.time = model::from_us(times.Value(static_cast<std::int64_t>(i))), .user = users[i]});
    }
}

void read_event(const model::Event& event, Strings& strings, Events& events) {
    if (identity_type(event.event_type) != IdentityType::event) return;
    const auto id = [&](Field field, const std::optional<std::string_view>& text) {
        return text ? strings[field].add(*text) : StringId{0};
    };
    static constexpr model::EventDetails none;
    const model::EventDetails& details = event.has_details ? event.details : none;
    const bool of_order = event.product_id && is_whole_order(*event.product_id);
    const bool has_order = event.order_id && !is_placeholder(*event.order_id);
    events.rows.push_back({.time = event.timestamp,
                           .kind = kind_of(event.event_type),
                           .bot = event.is_bot,
                           .user = id(Field::user, event.user_id),
                           .product = of_order ? 0 : id(Field::product, event.product_id),
                           .category = id(Field::category, event.product_category),
                           .device = id(Field::device, event.device_type),
                           .session = id(Field::session, event.session_id),
                           .page = id(Field::page, event.page_url),
                           .order = has_order ? id(Field::order, event.order_id) : 0,
                           .currency = id(Field::currency, event.currency),
                           .entry = strings[Field::entry].add(entry_of(event, details))});
    const auto thousandths = details.quantity_thousandths;
    set_amount(event.price, thousandths ? std::nullopt : std::optional(event.quantity),
               thousandths ? std::optional<model::Money>(*thousandths) : std::nullopt, details.line_total,
               events.rows.back());
    if (!has_line(events.rows.back())) return;
    set_line(event.event_id, details.line_number.value_or(1), strings, events.rows.back());
    set_amounts({.total = OrderAmounts::from(details.order_total),
                 .discount = OrderAmounts::from(details.order_discount),
                 .shipping = OrderAmounts::from(details.order_shipping),
                 .tax = OrderAmounts::from(details.order_tax),
                 .refused = details.order_refused.value_or(0)},
                strings, events.rows.back());
}

}  // namespace millrace::gold
