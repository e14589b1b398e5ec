#include "silver/formats/csv_decoder.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <charconv>

#include "silver/decoder.h"
#include "silver/formats/csv_row.h"
#include "silver/message/event_clock.h"
#include "silver/message/sent_time.h"
#include "silver/message/shared_members.h"
#include "silver/sent_number.h"

namespace millrace::silver {

using model::Event;
using model::ValidationRule;

namespace {

/// Returns the number of equal lines before a row in its file, which is the message's place.
std::uint64_t equal_rows_before(const Message& message) {
    std::uint64_t before = 0;
    const std::string_view place = message.origin.place;
    std::from_chars(place.data(), place.data() + place.size(), before);
    return before;
}

/// Returns the id of a row: a hash of the line and of the number of equal lines before it in its file. So
/// importing a file again, or a longer version of it, gives the same ids.
std::string_view row_id(std::string_view format, const Message& message, TextArena& arena) {
    const auto seed = static_cast<XXH64_hash_t>(equal_rows_before(message));
    const XXH128_hash_t hash = XXH3_128bits_withSeed(message.text.data(), message.text.size(), seed);
    return arena.join({fmt::format("{}-{:016x}{:016x}", format, hash.high64, hash.low64)});
}

/// Numbers the line of an order that is a row of its own: by its time and the number of equal lines before
/// it, so that each row is another line, and is the same one when its file is imported again.
std::int64_t row_line_number(model::Timestamp time, const Message& message) {
    return model::to_us(time) / 1000 + static_cast<std::int64_t>(equal_rows_before(message));
}

/// Returns a number as JSON or as people write it.
std::optional<SentNumber> number_of(std::string_view text) {
    const auto number = SentNumber::of_json(text);
    return number ? number : SentNumber::of_amount(text);
}

/// The decoding of one row. The first fault is kept.
struct RowReading {
    CsvRow& row;
    TextArena& arena;
    Item& item;

    Event& event() { return item.event; }
    void note(ValidationRule rule, std::string_view field) {
        if (item.verdict.ok()) item.verdict = {rule, field};
    }
    void set(std::string_view& into, std::string_view column) {
        if (const auto field = row.take(column)) {
            into = *field;
        } else {
            note(ValidationRule::missing_field, column);
        }
    }
    void set(std::optional<std::string_view>& into, std::string_view column) { into = row.take(column); }
    void set_price(std::optional<std::string_view> text) {
        if (!text) return;
        if (const auto price = number_of(*text)) {
            event().price = price->to_double();
        } else {
            note(ValidationRule::bad_price, "price");
        }
    }
    void finish() {
        if (const auto properties = row.left(arena)) event().with_details().properties = properties;
    }
};

// The columns of the data sets, for records that do not name their file's.
constexpr std::string_view rees46_columns =
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session";
constexpr std::string_view retailrocket_columns = "timestamp,visitorid,event,itemid,transactionid";

/// Begins the item of a row. Returns whether the row could be split.
bool begin(const Message& message, std::string_view columns, CsvRow& row, std::vector<Item>& items) {
    items.clear();
    Item& item = items.emplace_back();
    if (!is_utf8(message.text)) {
        item.verdict = {ValidationRule::not_utf8, {}};
    } else if (!row.read(message.origin.columns.empty() ? columns : message.origin.columns, message.text)) {
        item.verdict = {ValidationRule::bad_row, {}};
    }
    return item.verdict.ok();
}

}  // namespace

struct Rees46Decoder::Parts {
    CsvRow row;
    TextArena arena;
    std::string time;
};

Rees46Decoder::Rees46Decoder() : parts_(std::make_unique<Parts>()) {}
Rees46Decoder::~Rees46Decoder() = default;

void Rees46Decoder::decode(const Message& message, std::vector<Item>& items) {
    Parts& parts = *parts_;
    parts.arena.clear();
    if (!begin(message, rees46_columns, parts.row, items)) return;
    RowReading reading{parts.row, parts.arena, items.front()};
    Event& event = reading.event();
    event.event_id = row_id("rees46", message, parts.arena);
    reading.set(event.event_type, "event_type");
    if (event.event_type == "cart") event.event_type = "add_to_cart";
    reading.set(event.user_id, "user_id");
    std::string_view time;
    reading.set(time, "event_time");
    parts.time = time.ends_with(" UTC") ? time.substr(0, time.size() - 4) : time;
    if (const std::size_t blank = parts.time.find(' '); blank != std::string::npos) parts.time[blank] = 'T';
    if (!parts.time.ends_with('Z')) parts.time += 'Z';
    if (const auto read = read_sent_time(parts.time)) {
        event.timestamp = *read;
    } else {
        reading.note(ValidationRule::bad_timestamp, "event_time");
    }
    reading.set(event.product_id, "product_id");
    reading.set(event.session_id, "user_session");
    reading.set(event.product_category, "category_code");
    if (const auto brand = parts.row.take("brand")) event.with_details().brand = brand;
    reading.set_price(parts.row.take("price"));
    if (event.event_type == "purchase") {
        event.order_id = event.session_id;  // the data set has no orders: a visit's purchases are one
        event.with_details().line_number = row_line_number(event.timestamp, message);
    }
    reading.finish();
}

struct RetailrocketDecoder::Parts {
    CsvRow row;
    TextArena arena;
    SharedMembers shared;
};

RetailrocketDecoder::RetailrocketDecoder() : parts_(std::make_unique<Parts>()) {}
RetailrocketDecoder::~RetailrocketDecoder() = default;

void RetailrocketDecoder::decode(const Message& message, std::vector<Item>& items) {
    Parts& parts = *parts_;
    parts.arena.clear();
    if (!begin(message, retailrocket_columns, parts.row, items)) return;
    RowReading reading{parts.row, parts.arena, items.front()};
    Event& event = reading.event();
    event.event_id = row_id("retailrocket", message, parts.arena);
    reading.set(event.event_type, "event");
    if (event.event_type == "addtocart") event.event_type = "add_to_cart";
    if (event.event_type == "transaction") event.event_type = "purchase";
    reading.set(event.user_id, "visitorid");
    std::string_view time;
    reading.set(time, "timestamp");
    if (const auto read = read_sent_time(time)) {
        event.timestamp = *read;
    } else {
        reading.note(ValidationRule::bad_timestamp, "timestamp");
    }
    reading.set(event.product_id, "itemid");
    reading.set(event.order_id, "transactionid");
    if (event.order_id) event.with_details().line_number = row_line_number(event.timestamp, message);
    JsonTree& shared = parts.shared.read(message.origin.shared);
    if (parts.shared.present()) {
        shared.each(0, [&](JsonTree::Index member) {
            if (shared[member].name() == "price") reading.set_price(shared[member].value());
        });
    }
    reading.finish();
}

}  // namespace millrace::silver
