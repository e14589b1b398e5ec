#include "storage/partition_path.h"

#include <fmt/format.h>

#include <charconv>

namespace millrace::storage {

namespace {

constexpr std::string_view hive_null = "__HIVE_DEFAULT_PARTITION__";

std::string percent_encode(std::string_view text, auto must_encode) {
    std::string encoded;
    for (const char c : text) {
        if (must_encode(c)) {
            encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        } else {
            encoded += c;
        }
    }
    return encoded;
}

/// Returns whether Spark's ExternalCatalogUtils.escapePathName escapes the character.
bool escaped_by_spark(char c) {
    constexpr std::string_view special = "\"#%'*/:=?\\\x7F{}[]^";
    return static_cast<unsigned char>(c) < 0x20 || special.find(c) != std::string_view::npos;
}

bool reserved_in_uri(char c) {
    constexpr std::string_view plain = "-_.!~*'()/=@&+$,:;";
    const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return !alphanumeric && plain.find(c) == std::string_view::npos;
}

}  // namespace

std::string partition_directory(const PartitionValues& values) {
    std::string directory;
    for (const auto& [column, value] : values) {
        if (!directory.empty()) directory += '/';
        directory += percent_encode(column, escaped_by_spark);
        directory += '=';
        directory += value.empty() ? std::string(hive_null) : percent_encode(value, escaped_by_spark);
    }
    return directory;
}

std::string encode_path(std::string_view path) {
    return percent_encode(path, reserved_in_uri);
}

std::string decode_path(std::string_view encoded) {
    std::string path;
    for (std::size_t i = 0; i < encoded.size(); ++i) {
        unsigned code = 0;
        const char* digits = encoded.data() + i + 1;
        if (encoded[i] == '%' && i + 2 < encoded.size() &&
            std::from_chars(digits, digits + 2, code, 16).ptr == digits + 2) {
            path += static_cast<char>(code);
            i += 2;
        } else {
            path += encoded[i];
        }
    }
    return path;
}

}  // namespace millrace::storage
