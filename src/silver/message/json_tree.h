#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "model/rule.h"

namespace millrace::silver {

enum class JsonKind : std::uint8_t { null, boolean, number, string, object, array };

/// A value of a message. Its texts point into the message.
struct JsonNode {
    const char* key = nullptr;   ///< the name's first byte in an object, behind its quote; otherwise null
    const char* text = nullptr;  ///< the value's first byte; for a string, the one behind its quote
    std::uint32_t key_size = 0;
    std::uint32_t size = 0;  ///< the value's bytes; for a string, without its quotes
    std::uint32_t next = 0;  ///< the number of the first node behind this one and all that is inside of it
    JsonKind kind = JsonKind::null;
    bool key_escaped : 1 = false;  ///< the name is written with escapes
    bool escaped : 1 = false;      ///< the string is written with escapes
    bool taken : 1 = false;        ///< a column holds the value: set by decoders
    bool opened : 1 = false;       ///< a decoder looked at the members one by one: set by decoders

    [[nodiscard]] std::string_view value() const { return {text, size}; }
    [[nodiscard]] std::string_view name() const { return {key, key_size}; }
    /// The value as the message writes it.
    [[nodiscard]] std::string_view raw() const {
        return kind == JsonKind::string ? std::string_view(text - 1, size + std::size_t{2}) : value();
    }
    /// The name and the value as the message writes them, with all that is between.
    [[nodiscard]] std::string_view raw_member() const {
        const std::string_view end = raw();
        return {key - 1, static_cast<std::size_t>(end.data() + end.size() - key + 1)};
    }
};

/// Reads a JSON object into a list of its values, in one pass that checks the syntax of everything: a
/// message's fields can then be looked up in any order, and copied as their sender wrote them. A value's
/// members follow it, so node 0 is the message, 1 its first member. An object is reused for many messages.
/// Not thread-safe.
class JsonTree {
  public:
    using Index = std::uint32_t;
    /// Stands for a value that is absent. It is also the message itself, which is nobody's member.
    static constexpr Index none = 0;
    static constexpr int max_depth = 64;

    /// Reads `text`. bronze::record_padding bytes must be readable after it. The nodes are valid until the
    /// next call, and empty if the result is not `none`.
    model::ValidationRule read(std::string_view text);

    /// The nodes. Node 0 is there also if there is no message; it is null then.
    JsonNode& operator[](Index index) { return nodes_[index]; }
    const JsonNode& operator[](Index index) const { return nodes_[index]; }
    [[nodiscard]] Index size() const { return count_; }

    /// Calls `visit` with the number of each member or element of `container`.
    template <typename Visit>
    void each(Index container, Visit&& visit) const {
        const Index end = nodes_[container].next;
        for (Index at = container + 1; at < end; at = nodes_[at].next) visit(at);
    }

  private:
    friend struct JsonReading;

    static constexpr Index first_capacity = 256;

    JsonNode& add();
    void grow();
    std::uint64_t find_special_bytes(std::string_view text);

    std::unique_ptr<JsonNode[]> nodes_ = std::make_unique<JsonNode[]>(first_capacity);
    std::vector<std::uint64_t> special_bytes_;  // a bit for each byte of the text: see find_special_bytes()
    Index count_ = 0;
    Index capacity_ = first_capacity;
};

}  // namespace millrace::silver
