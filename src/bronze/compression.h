#pragma once

#include <string>
#include <string_view>

namespace millrace::bronze {

/// Codec of a record batch. The values are the lowest three bits of Kafka's batch attributes.
enum class Compression : unsigned char { none = 0, gzip = 1, snappy = 2, lz4 = 3, zstd = 4 };

/// Parses "none", "lz4" or "zstd", which the embedded log can write. Throws a usage Error for other names.
Compression parse_compression(std::string_view name);
std::string_view compression_name(Compression compression);

/// Appends `plain`, compressed with lz4 (frame format) or zstd, to `into`.
void compress(Compression compression, std::string_view plain, std::string& into);

/// Replaces `into` with the decompressed content of at most `limit` bytes. Returns false if `packed` is
/// damaged, decompresses to more bytes, or uses a codec that the embedded log does not write.
bool decompress(Compression compression, std::string_view packed, std::size_t limit, std::string& into);

}  // namespace millrace::bronze
