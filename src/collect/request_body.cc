#include "collect/request_body.h"

#include <fmt/format.h>
#include <simdjson.h>
#include <zlib.h>

#include <algorithm>

#include "collect/json_values.h"

namespace millrace::collect {

namespace dom = simdjson::dom;

namespace {

constexpr const char* accepted = "Send one JSON object, an array of them, or one a line.";

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// An array's element, as it stands there.
simdjson::simdjson_result<std::string_view> text_of(simdjson::ondemand::value element) {
    simdjson::ondemand::object object;
    if (element.get_object().get(object) == simdjson::SUCCESS) return object.raw_json();
    simdjson::ondemand::array array;
    if (element.get_array().get(array) == simdjson::SUCCESS) return array.raw_json();
    return element.raw_json_token();
}

/// Inflates one gzip stream or several that follow each other.
class Inflater {
  public:
    explicit Inflater(std::string_view body) {
        constexpr int gzip_only = 15 + 16;
        if (inflateInit2(&stream_, gzip_only) != Z_OK)
            throw BadBody("zlib can't be set up", "Try again later.");
        // zlib doesn't write to its input.
        stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(body.data()));
        stream_.avail_in = static_cast<uInt>(body.size());
    }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
    ~Inflater() { inflateEnd(&stream_); }

    std::string all(std::size_t limit) {
        std::string text;
        std::string piece(std::size_t{64} << 10U, '\0');
        for (;;) {
            stream_.next_out = reinterpret_cast<Bytef*>(piece.data());
            stream_.avail_out = static_cast<uInt>(piece.size());
            const int status = inflate(&stream_, Z_NO_FLUSH);
            text.append(piece, 0, piece.size() - stream_.avail_out);
            if (text.size() > limit) throw LargeBody(limit);
            if (status == Z_STREAM_END && stream_.avail_in == 0) return text;
            if (status == Z_STREAM_END && inflateReset(&stream_) == Z_OK) continue;
            if (status != Z_OK || (stream_.avail_in == 0 && stream_.avail_out > 0))
                throw BadBody("it isn't whole gzip data", "Send it again, or without Content-Encoding.");
        }
    }

  private:
    z_stream stream_{};
};

}  // namespace

LargeBody::LargeBody(std::size_t limit)
    : Error("reading the request's body", fmt::format("it has more than {} bytes", limit),
            "Send fewer events at once.", Kind::usage) {}

struct BodyReader::Parser {
    dom::parser values;
    simdjson::ondemand::parser elements;

    simdjson::error_code stream(std::string_view text, std::vector<std::string_view>& found);
    simdjson::error_code array(std::string_view text, std::vector<std::string_view>& found);
};

BodyReader::BodyReader() : parser_(std::make_unique<Parser>()) {}
BodyReader::~BodyReader() = default;

/// The values of a text behind which simdjson's padding can be read; an error for what it doesn't take.
simdjson::error_code BodyReader::Parser::stream(std::string_view text, std::vector<std::string_view>& found) {
    dom::document_stream stream;
    const std::size_t window = std::max<std::size_t>(text.size(), dom::MINIMAL_BATCH_SIZE);
    if (const auto error = values.parse_many(text.data(), text.size(), window).get(stream)) return error;
    for (auto value = stream.begin(); value != stream.end(); ++value) {
        if (const auto error = (*value).error()) return error;
        found.push_back(trimmed(value.source()));
    }
    return stream.truncated_bytes() > 0 ? simdjson::INCOMPLETE_ARRAY_OR_OBJECT : simdjson::SUCCESS;
}

/// Likewise, the elements of an array. The first parser looks at all of it, the second one tells where they
/// are.
simdjson::error_code BodyReader::Parser::array(std::string_view text, std::vector<std::string_view>& found) {
    if (const auto error = values.parse(text.data(), text.size(), false).error()) return error;
    simdjson::ondemand::document document;
    simdjson::ondemand::array array;
    const simdjson::padded_string_view padded(text.data(), text.size(),
                                              text.size() + simdjson::SIMDJSON_PADDING);
    if (const auto error = elements.iterate(padded).get(document)) return error;
    if (const auto error = document.get_array().get(array)) return error;
    for (auto element : array) {
        simdjson::ondemand::value value;
        std::string_view raw;
        if (const auto error = element.get(value)) return error;
        if (const auto error = text_of(value).get(raw)) return error;
        found.push_back(trimmed(raw));
    }
    return simdjson::SUCCESS;
}

std::vector<std::string_view> BodyReader::split(std::string& body) {
    body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
    const std::string_view text = trimmed(body);
    if (text.empty()) throw BadBody("it is empty", accepted);
    std::vector<std::string_view> found;
    const auto error = text.front() == '[' ? parser_->array(text, found) : parser_->stream(text, found);
    if (error == simdjson::SUCCESS) return found;
    std::string fault;
    found = json_values(text, fault);
    if (!fault.empty()) throw BadBody(fmt::format("it is not JSON: {}", fault), accepted);
    return found;
}

std::string unzip(std::string_view body, std::size_t limit) {
    return Inflater(body).all(limit);
}

}  // namespace millrace::collect
