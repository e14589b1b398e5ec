#include "bronze/compression.h"

#include <fmt/format.h>
#include <lz4frame.h>
#include <zstd.h>

#include <memory>

#include "base/error.h"

namespace millrace::bronze {

namespace {

void compress_lz4(std::string_view plain, std::string& into) {
    LZ4F_preferences_t preferences{};
    preferences.frameInfo.blockMode = LZ4F_blockIndependent;  // Kafka reads independent blocks only
    const std::size_t before = into.size();
    into.resize(before + LZ4F_compressFrameBound(plain.size(), &preferences));
    const std::size_t size = LZ4F_compressFrame(into.data() + before, into.size() - before, plain.data(),
                                                plain.size(), &preferences);
    if (LZ4F_isError(size) != 0) throw Error("compressing a record batch with lz4", LZ4F_getErrorName(size));
    into.resize(before + size);
}

void compress_zstd(std::string_view plain, std::string& into) {
    const std::size_t before = into.size();
    into.resize(before + ZSTD_compressBound(plain.size()));
    const std::size_t size = ZSTD_compress(into.data() + before, into.size() - before, plain.data(),
                                           plain.size(), ZSTD_CLEVEL_DEFAULT);
    if (ZSTD_isError(size) != 0) throw Error("compressing a record batch with zstd", ZSTD_getErrorName(size));
    into.resize(before + size);
}

constexpr std::size_t step = 256U << 10U;

bool decompress_lz4(std::string_view packed, std::size_t limit, std::string& into) {
    LZ4F_dctx* raw = nullptr;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&raw, LZ4F_VERSION)) != 0) return false;
    const std::unique_ptr<LZ4F_dctx, decltype(&LZ4F_freeDecompressionContext)> context(
        raw, LZ4F_freeDecompressionContext);
    for (std::size_t hint = 1; hint != 0;) {
        const std::size_t before = into.size();
        if (before > limit) return false;
        into.resize(before + step);
        std::size_t written = step;
        std::size_t read = packed.size();
        hint = LZ4F_decompress(context.get(), into.data() + before, &written, packed.data(), &read, nullptr);
        into.resize(before + written);
        packed.remove_prefix(read);
        if (LZ4F_isError(hint) != 0 || (read == 0 && written == 0 && hint != 0)) return false;
    }
    return packed.empty() && into.size() <= limit;
}

bool decompress_zstd(std::string_view packed, std::size_t limit, std::string& into) {
    const std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream(ZSTD_createDStream(),
                                                                            ZSTD_freeDStream);
    ZSTD_inBuffer input{packed.data(), packed.size(), 0};
    for (std::size_t hint = 1; hint != 0;) {
        const std::size_t before = into.size();
        if (before > limit) return false;
        into.resize(before + step);
        ZSTD_outBuffer output{into.data() + before, step, 0};
        hint = ZSTD_decompressStream(stream.get(), &output, &input);
        into.resize(before + output.pos);
        if (ZSTD_isError(hint) != 0 || (output.pos == 0 && input.pos == input.size && hint != 0))
            return false;
    }
    return input.pos == input.size && into.size() <= limit;
}

}  // namespace

Compression parse_compression(std::string_view name) {
    if (name == "none") return Compression::none;
    if (name == "lz4") return Compression::lz4;
    if (name == "zstd") return Compression::zstd;
    throw usage_error(fmt::format("reading the compression \"{}\"", name), "it must be none, lz4 or zstd");
}

std::string_view compression_name(Compression compression) {
    switch (compression) {
        case Compression::none:
            return "none";
        case Compression::gzip:
            return "gzip";
        case Compression::snappy:
            return "snappy";
        case Compression::lz4:
            return "lz4";
        case Compression::zstd:
            return "zstd";
    }
    return "unknown";
}

void compress(Compression compression, std::string_view plain, std::string& into) {
    if (compression == Compression::lz4) return compress_lz4(plain, into);
    if (compression == Compression::zstd) return compress_zstd(plain, into);
    into.append(plain);
}

bool decompress(Compression compression, std::string_view packed, std::size_t limit, std::string& into) {
    into.clear();
    if (compression == Compression::lz4) return decompress_lz4(packed, limit, into);
    if (compression == Compression::zstd) return decompress_zstd(packed, limit, into);
    return false;
}

}  // namespace millrace::bronze
