#include "silver/message/message_id.h"

#include <xxhash.h>

#include <array>
#include <charconv>

namespace millrace::silver {

namespace {

using NumberText = std::array<char, 20>;

std::string_view number_text(std::size_t number, NumberText& into) {
    const auto end = std::to_chars(into.data(), into.data() + into.size(), number).ptr;
    return {into.data(), static_cast<std::size_t>(end - into.data())};
}

char* write_hex(char* to, std::uint64_t word) {
    for (int shift = 60; shift >= 0; shift -= 4) *to++ = "0123456789abcdef"[word >> shift & 0xF];
    return to;
}

}  // namespace

std::string_view hashed_id(std::initializer_list<std::string_view> texts, TextArena& arena) {
    std::size_t size = 0;
    for (const std::string_view text : texts) size += text.size() + NumberText().size() + 1;
    char* const start = arena.begin(size);
    char* to = start;
    // The lengths keep two different lists from having the same joined text.
    for (const std::string_view text : texts) {
        NumberText digits;
        to = TextArena::append(to, number_text(text.size(), digits));
        *to++ = ':';
        to = TextArena::append(to, text);
    }
    const XXH128_hash_t hash = XXH3_128bits(start, static_cast<std::size_t>(to - start));
    char* const id = arena.begin(32);
    return arena.finish(write_hex(write_hex(id, hash.high64), hash.low64));
}

std::string_view derived_message_id(const Message& message, TextArena& arena) {
    const bronze::Origin& origin = message.origin;
    if (!origin.request.empty()) return hashed_id({origin.source, origin.request, origin.place}, arena);
    return hashed_id({message.position}, arena);
}

std::string_view line_id(std::string_view message_id, std::size_t number, TextArena& arena) {
    NumberText digits;
    return arena.join({message_id, "#", number_text(number, digits)});
}

}  // namespace millrace::silver
