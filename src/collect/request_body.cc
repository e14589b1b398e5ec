#include "collect/request_body.h"

#include <fmt/format.h>
#include <simdjson.h>
#include <zlib.h>

#include <algorithm>

namespace millrace::collect {

namespace dom = simdjson::dom;

namespace {

constexpr const char* accepted = "Send one JSON object, an array of them, or one a line.";

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

BadBody broken(std::size_t index, simdjson::error_code error) {
    return {fmt::format("value {} is not JSON: {}", index, simdjson::error_message(error)), accepted};
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
};

BodyReader::BodyReader() : parser_(std::make_unique<Parser>()) {}
BodyReader::~BodyReader() = default;

std::vector<std::string_view> BodyReader::split(std::string& body) {
    const std::size_t size = body.size();
    body.reserve(size + simdjson::SIMDJSON_PADDING);
    const simdjson::padded_string_view padded(body.data(), size, body.capacity());
    const std::string_view text = trimmed(body);
    if (text.empty()) throw BadBody("it is empty", accepted);
    std::vector<std::string_view> found;
    if (text.front() != '[') {
        dom::document_stream values;
        const std::size_t window = std::max<std::size_t>(size, dom::MINIMAL_BATCH_SIZE);
        if (const auto error = parser_->values.parse_many(body.data(), size, window).get(values))
            throw broken(0, error);
        for (auto value = values.begin(); value != values.end(); ++value) {
            if ((*value).error() != simdjson::SUCCESS) throw broken(found.size(), (*value).error());
            found.push_back(trimmed(value.source()));
        }
        if (values.truncated_bytes() > 0)
            throw BadBody(fmt::format("value {} is cut off", found.size()), accepted);
        return found;
    }
    // The first parser looks at all of it; the second one tells where the elements are.
    if (const auto error = parser_->values.parse(body.data(), size, false).error())
        throw BadBody(fmt::format("it is no JSON array: {}", simdjson::error_message(error)), accepted);
    simdjson::ondemand::document document;
    simdjson::ondemand::array elements;
    auto error = parser_->elements.iterate(padded).get(document);
    if (!error) error = document.get_array().get(elements);
    if (error) throw BadBody(simdjson::error_message(error), accepted);
    for (auto element : elements) {
        simdjson::ondemand::value value;
        std::string_view raw;
        auto failure = element.get(value);
        if (!failure) failure = text_of(value).get(raw);
        if (failure) throw broken(found.size(), failure);
        found.push_back(trimmed(raw));
    }
    return found;
}

std::string unzip(std::string_view body, std::size_t limit) {
    return Inflater(body).all(limit);
}

}  // namespace millrace::collect
