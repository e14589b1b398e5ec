#include "collect/content_encoding.h"

#include <arrow/result.h>
#include <arrow/util/compression.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/beast/core/string.hpp>
#include <memory>
#include <vector>

#include "collect/bad_body.h"

namespace millrace::collect {

namespace {

using arrow::util::GZipCodecOptions;
using arrow::util::GZipFormat;
using boost::beast::iequals;

constexpr std::size_t max_encodings = 4;

struct Encoding {
    std::string_view name;
    arrow::Compression::type compression;
};
constexpr std::array<Encoding, 5> known_encodings = {{{"gzip", arrow::Compression::GZIP},
                                                      {"x-gzip", arrow::Compression::GZIP},
                                                      {"deflate", arrow::Compression::GZIP},
                                                      {"br", arrow::Compression::BROTLI},
                                                      {"zstd", arrow::Compression::ZSTD}}};

/// Returns the encodings of a header, without `identity`.
std::vector<std::string_view> encodings_of(std::string_view header) {
    std::vector<std::string_view> names;
    while (!header.empty()) {
        const std::size_t comma = std::min(header.find(','), header.size());
        std::string_view name = header.substr(0, comma);
        header.remove_prefix(std::min(comma + 1, header.size()));
        name.remove_prefix(std::min(name.find_first_not_of(" \t"), name.size()));
        name = name.substr(0, name.find_last_not_of(" \t") + 1);
        if (!name.empty() && !iequals(name, "identity")) names.push_back(name);
    }
    return names;
}

/// Returns whether the data begins with zlib's header (RFC 1950). Some clients send `deflate` without it.
bool has_zlib_header(std::string_view data) {
    if (data.size() < 2) return false;
    const auto first = static_cast<unsigned char>(data[0]);
    const auto second = static_cast<unsigned char>(data[1]);
    return (first & 0x0FU) == 8 && (first * 256U + second) % 31 == 0;
}

std::unique_ptr<arrow::util::Codec> codec_for(const Encoding& encoding, std::string_view data) {
    GZipCodecOptions gzip;
    gzip.gzip_format = encoding.name != "deflate" ? GZipFormat::GZIP
                       : has_zlib_header(data)    ? GZipFormat::ZLIB
                                                  : GZipFormat::DEFLATE;
    const arrow::util::CodecOptions plain;
    const bool is_gzip = encoding.compression == arrow::Compression::GZIP;
    auto codec = arrow::util::Codec::Create(encoding.compression, is_gzip ? gzip : plain);
    if (!codec.ok()) throw UnknownEncoding(encoding.name);  // Arrow was built without it
    return std::move(*codec);
}

BadBody damaged(std::string_view encoding) {
    return BadBody(fmt::format("it is not complete {} data", encoding),
                   "Send it again, or without Content-Encoding.");
}

/// Unpacks one stream, or several that follow each other.
std::string unpack(const Encoding& encoding, std::string_view data, std::size_t limit) {
    const auto codec = codec_for(encoding, data);
    auto made = codec->MakeDecompressor();
    if (!made.ok()) throw damaged(encoding.name);
    arrow::util::Decompressor& decompressor = **made;
    std::string text;
    std::string piece(std::size_t{64} << 10U, '\0');
    do {
        const auto step = decompressor.Decompress(
            static_cast<std::int64_t>(data.size()), reinterpret_cast<const std::uint8_t*>(data.data()),
            static_cast<std::int64_t>(piece.size()), reinterpret_cast<std::uint8_t*>(piece.data()));
        if (!step.ok()) throw damaged(encoding.name);
        text.append(piece, 0, static_cast<std::size_t>(step->bytes_written));
        if (text.size() > limit) throw LargeBody(limit);
        data.remove_prefix(static_cast<std::size_t>(step->bytes_read));
        const bool finished = decompressor.IsFinished();
        if (!finished && step->bytes_read == 0 && step->bytes_written == 0) throw damaged(encoding.name);
        if (finished && !data.empty() && !decompressor.Reset().ok()) throw damaged(encoding.name);
    } while (!data.empty() || !decompressor.IsFinished());
    return text;
}

}  // namespace

UnknownEncoding::UnknownEncoding(std::string_view encoding)
    : Error("reading the request's body", fmt::format("its Content-Encoding is {}", encoding),
            "Send it uncompressed, or as gzip, deflate, br or zstd.", Kind::usage) {}

std::string decode_body(std::string_view body, std::string_view encodings, std::size_t limit) {
    auto names = encodings_of(encodings);
    if (names.size() > max_encodings) throw UnknownEncoding(encodings);
    if (names.empty()) return std::string(body);
    std::string decoded;
    std::ranges::reverse(names);  // the last one was applied last
    for (const std::string_view name : names) {
        const auto found = std::ranges::find_if(
            known_encodings, [&](const Encoding& each) { return iequals(each.name, name); });
        if (found == known_encodings.end()) throw UnknownEncoding(name);
        decoded = unpack(*found, body, limit);
        body = decoded;
    }
    return decoded;
}

}  // namespace millrace::collect
