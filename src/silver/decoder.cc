#include "silver/decoder.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "bronze/record.h"
#include "silver/event_fields.h"
#include "silver/sent_number.h"

namespace millrace::silver {

namespace ondemand = simdjson::ondemand;
using model::Event;
using model::ValidationRule;

static_assert(bronze::record_padding >= simdjson::SIMDJSON_PADDING);

namespace {

constexpr int max_depth = 64;
constexpr std::size_t usual_bytes = 1U << 20U;

Field match_key(std::string_view key) {
    for (unsigned i = 0; i < field_count; ++i) {
        if (field_names[i] == key) return static_cast<Field>(i);
    }
    return field_count;
}

ValidationRule rule_of(simdjson::error_code error) {
    switch (error) {
        case simdjson::UTF8_ERROR:
            return ValidationRule::not_utf8;
        case simdjson::DEPTH_ERROR:
            return ValidationRule::nested_too_deep;
        case simdjson::EMPTY:
            return ValidationRule::empty_record;
        default:
            return ValidationRule::bad_json;
    }
}

std::string_view trimmed(std::string_view text) {
    return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
}

/// Returns true if `token` is a number by the JSON grammar.
bool is_json_number(std::string_view token) {
    std::size_t at = token.starts_with('-') ? 1 : 0;
    const auto digits = [&] {
        const std::size_t from = at;
        at = std::min(token.find_first_not_of("0123456789", at), token.size());
        return at - from;
    };
    const bool leading_zero = at < token.size() && token[at] == '0';
    const std::size_t whole = digits();
    if (whole == 0 || (leading_zero && whole > 1)) return false;
    if (at < token.size() && token[at] == '.') {
        ++at;
        if (digits() == 0) return false;
    }
    if (at < token.size() && (token[at] == 'e' || token[at] == 'E')) {
        ++at;
        if (at < token.size() && (token[at] == '+' || token[at] == '-')) ++at;
        if (digits() == 0) return false;
    }
    return at == token.size();
}

/// Reads a number. simdjson refuses exponents of 20 digits, and reads `0.` followed by 20 digits as another
/// number, so strtod reads tokens longer than 19 characters.
simdjson::error_code read_number(ondemand::value& value, double& number) {
    constexpr std::size_t max_parsed_digits = 19;
    std::string_view token = value.raw_json_token();
    const auto error = value.get_double().get(number);
    token = trimmed(token);
    if (token.size() <= max_parsed_digits) return error;
    if (!is_json_number(token)) return error ? error : simdjson::NUMBER_ERROR;
    number = std::strtod(std::string(token).c_str(), nullptr);
    return std::isfinite(number) ? simdjson::SUCCESS : simdjson::NUMBER_ERROR;
}

}  // namespace

struct Decoder::Parser {
    ondemand::parser parser;
};

/// One pass over a record. Bad syntax ends the pass. Of the other faults the first one is kept, and the pass
/// continues in order to find bad syntax.
struct Decoder::Walk {
    Event& event;
    std::int64_t& unknown_fields;
    ondemand::document& document;
    std::string& properties;  // the fields without a column, without the closing brace
    TextArena& arena;
    std::optional<model::Timestamp> arrival;
    Verdict fault{};
    Verdict odd_product{};       // what is wrong with the product_id, which not all types need
    const char* name = nullptr;  // points behind the opening quote of the current field's name
    std::uint32_t seen = 0;
    std::uint32_t present = 0;  // those of the required fields that were seen and are not null

    void note(ValidationRule rule, Field field) {
        if (fault.ok()) fault = {rule, field_names[field]};
    }

    /// Consumes a value of any type, so that its syntax is checked.
    simdjson::error_code consume(ondemand::value value, int depth) {
        if (depth > max_depth) return simdjson::DEPTH_ERROR;
        ondemand::json_type type{};
        if (const auto error = value.type().get(type)) return error;
        switch (type) {
            case ondemand::json_type::object:
                return consume_object(value, depth);
            case ondemand::json_type::array:
                return consume_array(value, depth);
            case ondemand::json_type::number: {
                double number = 0;
                return read_number(value, number);
            }
            case ondemand::json_type::string: {
                std::string_view text;
                return value.get_string().get(text);
            }
            case ondemand::json_type::boolean: {
                bool flag = false;
                return value.get_bool().get(flag);
            }
            case ondemand::json_type::null:
                return consume_null(value);
        }
        return simdjson::TAPE_ERROR;
    }

    static simdjson::error_code consume_null(ondemand::value value) {
        bool null = false;
        if (const auto error = value.is_null().get(null)) return error;
        return null ? simdjson::SUCCESS : simdjson::N_ATOM_ERROR;
    }

    simdjson::error_code consume_object(ondemand::value value, int depth) {
        ondemand::object object;
        if (const auto error = value.get_object().get(object)) return error;
        for (auto item : object) {
            ondemand::field field;
            if (const auto error = std::move(item).get(field)) return error;
            std::string_view key;
            if (const auto error = field.unescaped_key().get(key)) return error;
            if (const auto error = consume(field.value(), depth + 1)) return error;
        }
        return simdjson::SUCCESS;
    }

    simdjson::error_code consume_array(ondemand::value value, int depth) {
        ondemand::array array;
        if (const auto error = value.get_array().get(array)) return error;
        for (auto item : array) {
            ondemand::value element;
            if (const auto error = std::move(item).get(element)) return error;
            if (const auto error = consume(element, depth + 1)) return error;
        }
        return simdjson::SUCCESS;
    }

    /// Reads a text. A number gives its digits: 42 and 42.0 are `42`. Null counts as absent. Sets `odd` to
    /// the rule that any other value breaks.
    simdjson::error_code read_text(ondemand::value value, std::optional<std::string_view>& text,
                                   ValidationRule& odd) {
        ondemand::json_type type{};
        if (const auto error = value.type().get(type)) return error;
        if (type == ondemand::json_type::number) {
            const std::string_view token = trimmed(value.raw_json_token());
            text = digits_of(token);
            return consume(value, 1);
        }
        if (type != ondemand::json_type::string) {
            if (type != ondemand::json_type::null) odd = ValidationRule::wrong_type;
            return consume(value, 1);
        }
        std::string_view read;
        if (const auto error = value.get_string().get(read)) return error;
        if (read.find('\0') != std::string_view::npos) odd = ValidationRule::nul_character;
        if (read.size() > max_string_bytes) odd = ValidationRule::field_too_long;
        text = read;
        return simdjson::SUCCESS;
    }

    std::string_view digits_of(std::string_view token) {
        const auto number = SentNumber::of_json(token);
        const auto whole = number ? number->to_whole() : std::nullopt;
        return arena.join({whole ? std::string_view(std::to_string(*whole)) : token});
    }

    /// Reads a text that an event can't be without.
    simdjson::error_code take(ondemand::value value, Field field, std::string_view& into) {
        std::optional<std::string_view> text;
        auto odd = ValidationRule::none;
        if (const auto error = read_text(value, text, odd)) return error;
        if (odd != ValidationRule::none) note(odd, field);
        if (!text) return simdjson::SUCCESS;
        into = *text;
        present |= 1U << field;
        return simdjson::SUCCESS;
    }

    /// Reads a text that an event can be without. What the column can't hold is kept with the properties.
    simdjson::error_code take(ondemand::value value, Field field, std::optional<std::string_view>& into) {
        std::optional<std::string_view> text;
        auto odd = ValidationRule::none;
        if (const auto error = read_text(value, text, odd)) return error;
        if (odd == ValidationRule::none) {
            into = text;
            return simdjson::SUCCESS;
        }
        if (field == currency) {  // The shop's currency would take its place.
            note(odd, field);
            return simdjson::SUCCESS;
        }
        if (field == product_id) odd_product = {odd, field_names[field]};
        return keep_pair();
    }

    simdjson::error_code take_timestamp(ondemand::value value) {
        ondemand::json_type type{};
        if (const auto error = value.type().get(type)) return error;
        if (type != ondemand::json_type::string) {
            if (type != ondemand::json_type::null) note(ValidationRule::wrong_type, timestamp);
            return consume(value, 1);
        }
        std::string_view text;
        if (const auto error = take(value, timestamp, text)) return error;
        if (const auto time = model::parse_timestamp(text)) {
            event.timestamp = *time;
        } else {
            note(text.empty() ? ValidationRule::empty_field : ValidationRule::bad_timestamp, timestamp);
        }
        return simdjson::SUCCESS;
    }

    /// Reads a number, or a text that is an amount. Sets `odd` if there is another value, which is not null.
    simdjson::error_code read_amount(ondemand::value value, std::optional<SentNumber>& number, bool& odd) {
        ondemand::json_type type{};
        if (const auto error = value.type().get(type)) return error;
        if (type == ondemand::json_type::number) {
            number = SentNumber::of_json(trimmed(value.raw_json_token()));
            odd = !number;
            return consume(value, 1);
        }
        odd = type != ondemand::json_type::null;
        if (type != ondemand::json_type::string) return consume(value, 1);
        std::string_view text;
        if (const auto error = value.get_string().get(text)) return error;
        number = SentNumber::of_amount(text);
        odd = !number;
        return simdjson::SUCCESS;
    }

    simdjson::error_code take_price(ondemand::value value) {
        ondemand::json_type type{};
        if (const auto error = value.type().get(type)) return error;
        if (type == ondemand::json_type::number) {
            double number = 0;
            if (const auto error = read_number(value, number)) return error;
            event.price = number;
            return simdjson::SUCCESS;
        }
        std::optional<SentNumber> number;
        bool odd = false;
        if (const auto error = read_amount(value, number, odd)) return error;
        if (odd) note(ValidationRule::wrong_type, price);
        if (number) event.price = number->to_double();
        return simdjson::SUCCESS;
    }

    simdjson::error_code take_quantity(ondemand::value value) {
        constexpr std::int64_t max_thousandths = 1'000'000'000;
        std::optional<SentNumber> number;
        bool odd = false;
        if (const auto error = read_amount(value, number, odd)) return error;
        if (odd) note(ValidationRule::wrong_type, quantity);
        if (!number) return simdjson::SUCCESS;
        const auto thousandths = number->to_thousandths();
        if (!thousandths || *thousandths < 1 || *thousandths > max_thousandths) {
            note(ValidationRule::bad_quantity, quantity);
        } else if (*thousandths % 1000 == 0) {
            event.quantity = static_cast<std::int32_t>(*thousandths / 1000);
        } else {
            event.quantity = 0;
            event.with_details().quantity_thousandths = thousandths;
        }
        return simdjson::SUCCESS;
    }

    /// Reads a number into a detail. What `convert` gives nothing for is kept as a property.
    template <typename Number>
    simdjson::error_code take_number(ondemand::value value,
                                     std::optional<Number> model::EventDetails::* member,
                                     std::optional<Number> (*convert)(const SentNumber&)) {
        std::optional<SentNumber> number;
        bool odd = false;
        if (const auto error = read_amount(value, number, odd)) return error;
        const auto converted = number ? convert(*number) : std::nullopt;
        if (converted) event.with_details().*member = converted;
        return odd || (number && !converted) ? keep_pair() : simdjson::SUCCESS;
    }

    simdjson::error_code take_money(ondemand::value value,
                                    std::optional<model::Money> model::EventDetails::* member) {
        return take_number<model::Money>(value, member,
                                         [](const SentNumber& number) { return number.to_money(); });
    }

    /// Takes a field that most events lack.
    simdjson::error_code take_detail(Field field, ondemand::value value) {
        using Details = model::EventDetails;
        switch (field) {
            case anonymous_id:
                return take(value, field, event.with_details().anonymous_id);
            case product_name:
                return take(value, field, event.with_details().product_name);
            case brand:
                return take(value, field, event.with_details().brand);
            case coupon:
                return take(value, field, event.with_details().coupon);
            case discount:
                return take_number<double>(value, &Details::discount, [](const SentNumber& number) {
                    return std::optional(number.to_double());
                });
            case utm_source:
                return take(value, field, event.with_details().utm_source);
            case utm_medium:
                return take(value, field, event.with_details().utm_medium);
            case utm_campaign:
                return take(value, field, event.with_details().utm_campaign);
            case line_number:
                return take_number<std::int64_t>(value, &Details::line_number,
                                                 [](const SentNumber& number) { return number.to_whole(); });
            case line_total:
                return take_money(value, &Details::line_total);
            case order_total:
                return take_money(value, &Details::order_total);
            case order_discount:
                return take_money(value, &Details::order_discount);
            case order_shipping:
                return take_money(value, &Details::order_shipping);
            case order_tax:
                return take_money(value, &Details::order_tax);
            default:
                return simdjson::SUCCESS;
        }
    }

    simdjson::error_code take_field(Field field, ondemand::value value) {
        if ((seen & (1U << field)) != 0) note(ValidationRule::duplicate_key, field);
        seen |= 1U << field;
        switch (field) {
            case event_id:
                return take(value, field, event.event_id);
            case user_id:
                return take(value, field, event.user_id);
            case event_type:
                return take(value, field, event.event_type);
            case timestamp:
                return take_timestamp(value);
            case product_id:
                return take(value, field, event.product_id);
            case price:
                return take_price(value);
            case session_id:
                return take(value, field, event.session_id);
            case product_category:
                return take(value, field, event.product_category);
            case device_type:
                return take(value, field, event.device_type);
            case page_url:
                return take(value, field, event.page_url);
            case quantity:
                return take_quantity(value);
            case order_id:
                return take(value, field, event.order_id);
            case currency:
                return take(value, field, event.currency);
            case user_agent:
                return take(value, field, event.user_agent);
            case referrer:
                return take(value, field, event.referrer);
            default:
                return take_detail(field, value);
        }
    }

    simdjson::error_code walk(ondemand::object& object) {
        for (auto item : object) {
            ondemand::field pair;
            if (const auto error = std::move(item).get(pair)) return error;
            name = pair.key().raw();
            std::string_view key;
            if (const auto error = pair.unescaped_key().get(key)) return error;
            const Field field = match_key(key);
            if (field == field_count) {
                if (const auto error = consume(pair.value(), 1)) return error;
                if (const auto error = keep_pair()) return error;
                continue;
            }
            if (const auto error = take_field(field, pair.value())) return error;
        }
        return simdjson::SUCCESS;
    }

    /// Copies the current field, whose value was consumed, to the properties, as it was sent.
    simdjson::error_code keep_pair() {
        ++unknown_fields;
        const char* next = nullptr;
        if (const auto error = document.current_location().get(next)) return error;
        const std::string_view pair(name - 1, static_cast<std::size_t>(next - (name - 1)));
        properties += properties.empty() ? '{' : ',';
        properties += trimmed(pair);
        return simdjson::SUCCESS;
    }

    /// Derives what the event can do without: the user from the visitor, and the price from the total.
    void complete() {
        if (!event.has_details) return;
        const model::EventDetails& details = event.details;
        if (event.user_id.empty() && details.anonymous_id && !details.anonymous_id->empty()) {
            event.user_id = *details.anonymous_id;
            present |= 1U << user_id;
        }
        if (event.price || !details.line_total || (seen & (1U << price)) != 0) return;
        const double pieces = details.quantity_thousandths
                                  ? static_cast<double>(*details.quantity_thousandths) / 1000
                                  : event.quantity;
        event.price = model::to_double(*details.line_total) / pieces;
    }

    /// Notes a fault for each required field that is missing or empty.
    void require_fields() {
        if ((seen & (1U << timestamp)) == 0 && arrival) {
            event.timestamp = *arrival;
            present |= 1U << timestamp;
        }
        for (const Field field : {user_id, event_type, timestamp}) {
            if ((present & (1U << field)) == 0) note(ValidationRule::missing_field, field);
        }
        if (model::is_known_type(event.event_type) && !odd_product.ok() && fault.ok()) fault = odd_product;
        if ((present & (1U << event_id)) != 0 && event.event_id.empty())
            note(ValidationRule::empty_field, event_id);
        if (event.user_id.empty()) note(ValidationRule::empty_field, user_id);
    }
};

Decoder::Decoder() : parser_(std::make_unique<Parser>()) {}
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;
Decoder::~Decoder() = default;

bool is_utf8(std::string_view text) {
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    return std::ranges::all_of(text, is_ascii) || simdjson::validate_utf8(text.data(), text.size());
}

Verdict Decoder::decode(std::string_view value, Event& event, std::optional<model::Timestamp> arrival) {
    if (fast_path_.read(value, event)) return {};
    event.reset();
    properties_.clear();
    arena_.clear();
    // A huge record makes the parser's buffers huge. They are freed before the next record of ordinary size.
    if (parser_->parser.capacity() > usual_bytes && value.size() <= usual_bytes)
        parser_ = std::make_unique<Parser>();
    if (value.find_first_not_of(" \t\r\n") == std::string_view::npos)
        return {ValidationRule::empty_record, {}};
    if (value.starts_with("\xEF\xBB\xBF")) return {ValidationRule::byte_order_mark, {}};
    ondemand::document document;
    const simdjson::padded_string_view padded(value.data(), value.size(),
                                              value.size() + bronze::record_padding);
    if (const auto error = parser_->parser.iterate(padded).get(document)) return {rule_of(error), {}};
    ondemand::json_type type{};
    if (const auto error = document.type().get(type)) return {rule_of(error), {}};
    if (type != ondemand::json_type::object) return {ValidationRule::not_an_object, {}};
    ondemand::object object;
    if (const auto error = document.get_object().get(object)) return {rule_of(error), {}};
    Walk walk{event, unknown_fields_, document, properties_, arena_, arrival};
    if (const auto error = walk.walk(object)) return {rule_of(error), {}};
    const bool at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
    if (!at_end) return {ValidationRule::bad_json, {}};
    walk.complete();
    walk.require_fields();
    if (!properties_.empty()) event.with_details().properties = properties_ += '}';
    return walk.fault;
}

}  // namespace millrace::silver
