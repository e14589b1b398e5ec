#include "collect/request_body.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <boost/json/basic_parser_impl.hpp>
#include <optional>

#include "collect/message_cutter.h"

namespace millrace::collect {

namespace dom = simdjson::dom;
namespace json = boost::json;

namespace {

/// A handler of Boost's parser that accepts everything and keeps nothing.
struct NullHandler {
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = max_object_size;
    static constexpr std::size_t max_key_size = max_object_size;
    static constexpr std::size_t max_string_size = max_object_size;

    using Error = boost::system::error_code;
    static bool on_document_begin(Error&) { return true; }
    static bool on_document_end(Error&) { return true; }
    static bool on_object_begin(Error&) { return true; }
    static bool on_object_end(std::size_t, Error&) { return true; }
    static bool on_array_begin(Error&) { return true; }
    static bool on_array_end(std::size_t, Error&) { return true; }
    static bool on_key_part(json::string_view, std::size_t, Error&) { return true; }
    static bool on_key(json::string_view, std::size_t, Error&) { return true; }
    static bool on_string_part(json::string_view, std::size_t, Error&) { return true; }
    static bool on_string(json::string_view, std::size_t, Error&) { return true; }
    static bool on_number_part(json::string_view, Error&) { return true; }
    static bool on_int64(std::int64_t, json::string_view, Error&) { return true; }
    static bool on_uint64(std::uint64_t, json::string_view, Error&) { return true; }
    static bool on_double(double, json::string_view, Error&) { return true; }
    static bool on_bool(bool, Error&) { return true; }
    static bool on_null(Error&) { return true; }
    static bool on_comment_part(json::string_view, Error&) { return true; }
    static bool on_comment(json::string_view, Error&) { return true; }
};

/// Returns the error in a value that simdjson refuses, or nullopt if the value is JSON with numbers outside
/// of simdjson's range. This check is slower than simdjson.
std::optional<std::string> fault_of(std::string_view value) {
    json::parse_options options;
    options.max_depth = max_depth;
    json::basic_parser<NullHandler> parser(options);
    boost::system::error_code error;
    const std::size_t read = parser.write_some(false, value.data(), value.size(), error);
    if (error == json::error::too_deep) return fmt::format("it nests deeper than {} levels", max_depth);
    if (error) return error.message();
    if (read < value.size()) return "there is more after the value";
    return std::nullopt;
}

}  // namespace

LargeBody::LargeBody(const std::string& cause)
    : Error("reading the request's body", cause, "Send fewer events at once.", Kind::usage) {}

LargeBody::LargeBody(std::size_t max_bytes, std::string_view what)
    : LargeBody(fmt::format("{} has more than {} bytes", what, max_bytes)) {}

LargeBody LargeBody::of_messages(std::size_t max_messages) {
    return LargeBody(fmt::format("it has more than {} messages", max_messages));
}

struct BodyReader::Parser {
    dom::parser json;
};

BodyReader::BodyReader() : parser_(std::make_unique<Parser>()) {}
BodyReader::~BodyReader() = default;

std::vector<std::string_view> BodyReader::split(std::string& body, const Limits& limits) {
    body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
    MessageCutter cutter(body);
    std::vector<std::string_view> found;
    while (const auto value = cutter.next()) {
        if (found.size() == limits.max_messages) throw LargeBody::of_messages(limits.max_messages);
        if (value->size() > limits.max_message_bytes) throw LargeBody(limits.max_message_bytes, "a message");
        if (parser_->json.parse(value->data(), value->size(), false).error() != simdjson::SUCCESS) {
            if (const auto fault = fault_of(*value))
                throw BadBody(fmt::format("it is not JSON: value {}, at byte {}: {}", found.size(),
                                          cutter.position(), *fault),
                              accepted_bodies);
        }
        found.push_back(*value);
    }
    if (found.empty() && cutter.is_empty()) throw BadBody("it is empty", accepted_bodies);
    return found;
}

}  // namespace millrace::collect
