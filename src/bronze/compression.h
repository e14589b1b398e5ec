#pragma once

#include <string>
#include <string_view>

namespace millrace::bronze {

/// Codec of a record batch; the values are the low three bits of Kafka's batch attributes.
enum class Compression : unsigned char { none = 0, gzip = 1, snappy = 2, lz4 = 3, zstd = 4 };

/// "none", "lz4" or "zstd", which is what the embedded log writes. Throws a usage Error for others.
Compression parse_compression(std::string_view name);
std::string_view compression_name(Compression compression);

/// Appends `plain`, compressed with lz4 (frame format) or zstd, to `into`.
void compress(Compression compression, std::string_view plain, std::string& into);

/// Replaces `into` with the decompressed content, at most `limit` bytes; false when `packed` is damaged, too
/// large, or packed with a codec that the embedded log doesn't write.
bool decompress(Compression compression, std::string_view packed, std::size_t limit, std::string& into);

}  // namespace millrace::bronze
