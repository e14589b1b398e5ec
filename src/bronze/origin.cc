#include "bronze/origin.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

namespace millrace::bronze {

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view Origin::*>, 9> members = {{
    {origin_header::format, &Origin::format},
    {origin_header::path, &Origin::path},
    {origin_header::source, &Origin::source},
    {origin_header::request, &Origin::request},
    {origin_header::place, &Origin::place},
    {origin_header::received, &Origin::received},
    {origin_header::shared, &Origin::shared},
    {origin_header::columns, &Origin::columns},
    {origin_header::replayed, &Origin::replayed},
}};

}  // namespace

std::optional<std::int64_t> Origin::received_ms() const {
    std::int64_t ms = 0;
    const auto [end, error] = std::from_chars(received.data(), received.data() + received.size(), ms);
    if (received.empty() || error != std::errc() || end != received.data() + received.size())
        return std::nullopt;
    return ms;
}

std::string position_text(std::string_view topic, int epoch, int partition, Offset offset) {
    return fmt::format("{}/{}/{}/{}", topic, epoch, partition, offset);
}

Origin read_origin(const Record& record) {
    Origin origin;
    if (!has_headers(record)) return origin;
    for (const Header& header : decode_headers(record)) {
        for (const auto& [name, member] : members) {
            // A record that was corrected again has its first position first.
            if (header.key == name && (origin.*member).data() == nullptr) origin.*member = header.value;
        }
    }
    return origin;
}

std::vector<Header> origin_headers(const Origin& origin) {
    std::vector<Header> headers;
    for (const auto& [name, member] : members) {
        if ((origin.*member).data() != nullptr) headers.push_back({name, origin.*member});
    }
    return headers;
}

}  // namespace millrace::bronze
