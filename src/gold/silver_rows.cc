#include "gold/silver_rows.h"

#include <arrow/api.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <span>
#include <utility>

#include "gold/order_amounts.h"
#include "gold/visit/entries.h"
#include "gold/visit/entry.h"
#include "model/event.h"
#include "storage/column.h"
#include "storage/text_column.h"

namespace millrace::gold {

namespace {

/// With fewer rows, the threads of a pool would wait for each other longer than they work.
constexpr std::size_t rows_worth_threads = 10'000;

/// What a row of this type says of visitors; the first two are the types of messages, which are no events.
enum class IdentityType : std::uint8_t { link, removal, event };

IdentityType identity_type(std::string_view event_type) {
    if (!model::is_identity_type(event_type)) return IdentityType::event;
    return event_type == "unlink" ? IdentityType::removal : IdentityType::link;
}

/// A column of decimals.
class Decimals {
  public:
    Decimals(const arrow::RecordBatch& rows, const char* name)
        : array_(storage::optional_column<arrow::Decimal128Array>(rows, name)) {
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

/// A line without a number has its place in its message.
std::int64_t line_number_at(const arrow::Int64Array* numbers, const arrow::Int32Array* indices,
                            std::int64_t row) {
    const auto number = storage::value_at<std::int64_t>(numbers, row);
    return number ? *number : 1 + storage::value_at<std::int32_t>(indices, row).value_or(0);
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
          refused_(storage::optional_column<arrow::Int64Array>(rows, "order_refused")) {}

    [[nodiscard]] OrderAmounts operator[](std::int64_t row) const {
        return {.total = OrderAmounts::from(totals_[row]),
                .discount = OrderAmounts::from(discounts_[row]),
                .shipping = OrderAmounts::from(shippings_[row]),
                .tax = OrderAmounts::from(taxes_[row]),
                .refused = storage::value_at<std::int64_t>(refused_, row).value_or(0)};
    }

  private:
    const Decimals totals_, discounts_, shippings_, taxes_;
    const arrow::Int64Array* refused_;
};

std::string entry_of(const model::Event& event, const model::EventDetails& details) {
    const PageVisit visit{event.page_url.value_or(""), event.referrer.value_or(""),
                          details.utm_source.value_or(""), details.utm_medium.value_or(""),
                          details.utm_campaign.value_or("")};
    const bool is_known = !visit.page_url.empty() || !visit.referrer.empty() || !visit.utm_source.empty() ||
                          !visit.utm_medium.empty() || !visit.utm_campaign.empty();
    return is_known ? entry_text(visit) : std::string();
}

void advance_clocks(const arrow::RecordBatch& rows, Events& events) {
    const auto& partitions = storage::column<arrow::Int32Array>(rows, "partition");
    const auto& times = storage::column<arrow::TimestampArray>(rows, "event_timestamp");
    const auto& log_times = storage::column<arrow::TimestampArray>(rows, "kafka_timestamp");
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

/// A column of texts, and which of them count as null.
struct TextSource {
    const char* name;
    Field field;  ///< whose strings it has
    bool (*left_out)(std::string_view) = nullptr;
};

enum Text : std::size_t {
    user_id,
    anonymous_id,
    product_id,
    category,
    device,
    session_id,
    page,
    order_id,
    currency,
    referrer,
    utm_source,
    utm_medium,
    utm_campaign,
    text_count
};

/// In the order of Text.
constexpr std::array<TextSource, text_count> text_sources = {{{"user_id", Field::user},
                                                              {"anonymous_id", Field::user},
                                                              {"product_id", Field::product, is_whole_order},
                                                              {"product_category", Field::category},
                                                              {"device_type", Field::device},
                                                              {"session_id", Field::session},
                                                              {"page_url", Field::page},
                                                              {"order_id", Field::order, is_placeholder},
                                                              {"currency", Field::currency},
                                                              {"referrer", Field::visit},
                                                              {"utm_source", Field::visit},
                                                              {"utm_medium", Field::visit},
                                                              {"utm_campaign", Field::visit}}};

/// The fields of text_sources. Those with the most strings come first.
constexpr std::array fields_of_rows = {Field::session,  Field::visit,    Field::page,
                                       Field::user,     Field::product,  Field::order,
                                       Field::category, Field::currency, Field::device};

/// The string ids of a column, by row; 0 for each row if there is no such column.
class Ids {
  public:
    Ids(const arrow::RecordBatch& rows, const TextSource& source)
        : source_(source), column_(rows, source.name) {}

    [[nodiscard]] Field field() const { return source_.field; }
    /// Whether all rows are null.
    [[nodiscard]] bool empty() const { return ids_.empty(); }
    /// Looks the strings up; those of a dictionary once.
    void look_up(StringPool& pool) {
        if (column_.values() == nullptr) return;
        const arrow::StringArray& values = *column_.values();
        ids_.reserve(static_cast<std::size_t>(values.length()));
        for (std::int64_t i = 0; i < values.length(); ++i) ids_.push_back(id_of(values, i, pool));
    }
    StringId operator[](std::size_t row) const {
        if (ids_.empty()) return 0;
        const std::int64_t place = column_.place(static_cast<std::int64_t>(row));
        return place < 0 ? 0 : ids_[static_cast<std::size_t>(place)];
    }

  private:
    [[nodiscard]] StringId id_of(const arrow::StringArray& values, std::int64_t place,
                                 StringPool& pool) const {
        if (values.IsNull(place)) return 0;
        const std::string_view value = values.GetView(place);
        return source_.left_out != nullptr && source_.left_out(value) ? 0 : pool.add(value);
    }

    const TextSource& source_;
    storage::TextColumn column_;
    std::vector<StringId> ids_;  // indexed by TextColumn::place()
};

/// Adds the link of a row with two different ids.
void add_link(const Link& link, std::vector<Link>& links) {
    if (link.id != 0 && link.user != 0 && link.id != link.user) links.push_back(link);
}

/// Turns the rows of one batch into events. Functions that get no Strings to change may run at once with
/// those of other objects.
class RowsReader {
  public:
    explicit RowsReader(const SilverRows& rows)
        : rows_(*rows.batch),
          kind_(kind_of(rows.event_type)),
          type_(identity_type(rows.event_type)),
          times_(storage::column<arrow::TimestampArray>(rows_, "event_timestamp")) {
        storage::column<arrow::Array>(rows_, "user_id");
        texts_.reserve(text_sources.size());
        for (const TextSource& source : text_sources) texts_.emplace_back(rows_, source);
    }

    /// The number of rows that are events.
    [[nodiscard]] std::size_t events() const { return type_ == IdentityType::event ? rows() : 0; }
    /// Looks up the strings of a field.
    void look_up(Field field, Strings& strings) {
        for (Ids& ids : texts_) {
            if (ids.field() == field) ids.look_up(strings[field]);
        }
    }
    /// Writes the events, without what the next functions write.
    void read(std::span<Event> events) {
        read_links();
        advance_clocks(rows_, found_);
        const auto* prices = storage::optional_column<arrow::DoubleArray>(rows_, "price");
        const auto* quantities = storage::optional_column<arrow::Int32Array>(rows_, "quantity");
        const auto* bots = storage::optional_column<arrow::BooleanArray>(rows_, "is_bot");
        const Decimals exact(rows_, "quantity_exact");
        const Decimals totals(rows_, "line_total");
        for (std::size_t i = 0; i < events.size(); ++i) {
            const auto row = static_cast<std::int64_t>(i);
            Event& event = events[i];
            event.time = model::from_us(times_.Value(row));
            event.kind = kind_;
            event.bot = storage::value_at<bool>(bots, row).value_or(false);
            event.user = texts_[user_id][i];
            event.product = texts_[product_id][i];
            event.category = texts_[category][i];
            event.device = texts_[device][i];
            event.session = texts_[session_id][i];
            event.page = texts_[page][i];
            event.order = texts_[order_id][i];
            event.currency = texts_[currency][i];
            set_amount(storage::value_at<double>(prices, row),
                       storage::value_at<std::int32_t>(quantities, row), exact[row], totals[row], event);
        }
    }
    /// Writes where visits that begin with the events came from.
    void read_entries(Strings& strings, std::span<Event> events) const {
        const Entries entries(strings);
        for (std::size_t i = 0; i < events.size(); ++i)
            events[i].entry = entries.of({texts_[page][i], texts_[referrer][i], texts_[utm_source][i],
                                          texts_[utm_medium][i], texts_[utm_campaign][i]});
    }
    /// Writes what names the lines of orders, after read().
    void read_orders(Strings& strings, std::span<Event> events) const {
        if (kind_ != Kind::purchase && !is_refund(kind_)) return;
        const storage::TextColumn event_ids(rows_, "event_id");
        const auto* numbers = storage::optional_column<arrow::Int64Array>(rows_, "line_number");
        const auto* indices = storage::optional_column<arrow::Int32Array>(rows_, "record_index");
        const AmountColumns amounts(rows_);
        for (std::size_t i = 0; i < events.size(); ++i) {
            if (!has_line(events[i])) continue;
            const auto row = static_cast<std::int64_t>(i);
            set_line(event_ids[row], line_number_at(numbers, indices, row), strings, events[i]);
            set_amounts(amounts[row], strings, events[i]);
        }
    }
    /// Adds the links and clocks that read() has found.
    void add_to(Events& events) const {
        events.links.insert(events.links.end(), found_.links.begin(), found_.links.end());
        events.newest = std::max(events.newest, found_.newest);
        events.oldest = std::min(events.oldest, found_.oldest);
        for (const auto& [partition, time] : found_.clocks) {
            const auto [clock, added] = events.clocks.try_emplace(partition, time);
            clock->second = std::max(clock->second, time);
        }
    }

  private:
    [[nodiscard]] std::size_t rows() const { return static_cast<std::size_t>(rows_.num_rows()); }
    void read_links() {
        if (texts_[anonymous_id].empty()) return;
        for (std::size_t i = 0; i < rows(); ++i)
            add_link({.time = model::from_us(times_.Value(static_cast<std::int64_t>(i))),
                      .id = texts_[anonymous_id][i],
                      .user = texts_[user_id][i],
                      .session = texts_[session_id][i],
                      .removes = type_ == IdentityType::removal},
                     found_.links);
    }

    const arrow::RecordBatch& rows_;
    const Kind kind_;
    const IdentityType type_;
    std::vector<Ids> texts_;  // in the order of Text
    const arrow::TimestampArray& times_;
    Events found_;  // without rows
};

}  // namespace

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

void read_events(const std::vector<SilverRows>& rows, Strings& strings, base::WorkerPool& pool,
                 Events& events) {
    std::vector<RowsReader> readers;
    readers.reserve(rows.size());
    std::vector<std::size_t> ends = {events.rows.size()};
    for (const SilverRows& each : rows) {
        if (each.batch->num_rows() == 0) continue;
        const RowsReader& reader = readers.emplace_back(each);
        ends.push_back(ends.back() + reader.events());
    }
    const std::size_t count = ends.back() - ends.front();
    const auto run = [&pool, count](std::vector<std::function<void()>> tasks) {
        if (count >= rows_worth_threads) return pool.run_all(std::move(tasks));
        for (const auto& task : tasks) task();
    };
    std::vector<std::function<void()>> tasks;
    tasks.reserve(std::max(fields_of_rows.size(), readers.size()) + 1);
    for (const Field field : fields_of_rows) {
        tasks.emplace_back([&readers, &strings, field] {
            for (RowsReader& reader : readers) reader.look_up(field, strings);
        });
    }
    tasks.emplace_back([&] { events.rows.resize(ends.back()); });
    run(std::exchange(tasks, {}));
    const auto events_of = [&](std::size_t i) {
        return std::span(events.rows).subspan(ends[i], ends[i + 1] - ends[i]);
    };
    // One thread makes the entries of all rows, since they add strings.
    tasks.emplace_back([&] {
        for (std::size_t i = 0; i < readers.size(); ++i) readers[i].read_entries(strings, events_of(i));
    });
    for (std::size_t i = 0; i < readers.size(); ++i)
        tasks.emplace_back([&, i] { readers[i].read(events_of(i)); });
    run(std::move(tasks));
    for (std::size_t i = 0; i < readers.size(); ++i) {
        readers[i].read_orders(strings, events_of(i));
        readers[i].add_to(events);
    }
}

void read_visitors(const SilverRows& rows, Strings& strings, Events& events) {
    Ids users(*rows.batch, text_sources[user_id]);
    Ids ids(*rows.batch, text_sources[anonymous_id]);
    users.look_up(strings[Field::user]);
    ids.look_up(strings[Field::user]);
    const auto& times = storage::column<arrow::TimestampArray>(*rows.batch, "event_timestamp");
    const IdentityType type = identity_type(rows.event_type);
    for (std::size_t i = 0; i < static_cast<std::size_t>(rows.batch->num_rows()); ++i) {
        const model::Timestamp time = model::from_us(times.Value(static_cast<std::int64_t>(i)));
        add_link({.time = time, .id = ids[i], .user = users[i], .removes = type == IdentityType::removal},
                 events.links);
        if (type == IdentityType::event) events.rows.push_back({.time = time, .user = users[i]});
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
