#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "model/timestamp.h"
#include "silver/message/json_escape.h"
#include "silver/message/json_tree.h"
#include "silver/message/key_table.h"
#include "silver/sent_number.h"
#include "silver/text_arena.h"
#include "silver/verdict.h"

namespace millrace::silver {

/// Returns a name that is written with escapes as it is read. It may be looked up in a KeyTable.
std::string_view unescaped_name(const JsonNode& node, TextArena& arena);

/// Returns the name of a member without escapes, which may be looked up in a KeyTable.
inline std::string_view member_name(const JsonNode& node, TextArena& arena) {
    return node.key_escaped ? unescaped_name(node, arena) : node.name();
}

/// The members of an object that a format knows, by their number in the format's KeyTable. JsonTree::none is
/// one that is absent. A member that is null or the empty string counts as absent.
template <std::size_t Count>
class Members {
  public:
    using Index = JsonTree::Index;
    static_assert(Count <= 64);

    Members() {}  // NOLINT: places_ has no value where present_ has no bit

    /// Opens `object`, which may be absent or no object: it has no members then. Returns the number of a
    /// member that occurs twice, or Count.
    std::size_t open(JsonTree& tree, Index object, const KeyTable<Count>& keys, TextArena& arena) {
        present_ = 0;
        if (object == JsonTree::none) return Count;
        return open_any(tree, object, keys, arena);
    }
    /// Opens the message itself.
    std::size_t open_message(JsonTree& tree, const KeyTable<Count>& keys, TextArena& arena) {
        return open_any(tree, 0, keys, arena);
    }

    Index operator[](std::size_t key) const {
        return (present_ >> key & 1) != 0 ? places_[key] : JsonTree::none;
    }
    /// Returns the first of these members that is present.
    template <typename... Keys>
    [[nodiscard]] Index first_of(Keys... keys) const {
        Index found = JsonTree::none;
        ((found = found == JsonTree::none ? (*this)[keys] : found), ...);
        return found;
    }

  private:
    std::size_t open_any(JsonTree& tree, Index object, const KeyTable<Count>& keys, TextArena& arena) {
        present_ = 0;
        std::size_t twice = Count;
        JsonNode& opened = tree[object];
        if (opened.kind != JsonKind::object) return twice;
        opened.opened = true;
        std::uint64_t present = 0;
        const Index end = opened.next;
        for (Index member = object + 1; member < end; member = tree[member].next) {
            JsonNode& node = tree[member];
            const std::size_t key = keys.find(member_name(node, arena));
            if (key == Count) continue;
            if (node.kind == JsonKind::null || (node.kind == JsonKind::string && node.size == 0)) {
                node.taken = true;
            } else if ((present >> key & 1) != 0) {
                twice = key;
            } else {
                present |= std::uint64_t{1} << key;
                places_[key] = member;
            }
        }
        present_ = present;
        return twice;
    }

    std::uint64_t present_ = 0;  // a bit for each member
    std::array<Index, Count> places_;
};

/// Reads the values of a message. A value that is absent or can't be read gives nullopt. A text that is read
/// is taken; the other functions leave that to their caller.
class MessageFields {
  public:
    using Index = JsonTree::Index;

    MessageFields(JsonTree& tree, TextArena& arena) : tree_(tree), arena_(arena) {}

    /// Reads a string that a column can hold: at most max_string_bytes and no NUL. A number gives its digits:
    /// 42 and 42.0 are `42`.
    std::optional<std::string_view> text(Index index);
    /// Reads a text that an event can't be without into `into`. Returns the rule that a string breaks, or ok.
    Verdict required_text(Index index, std::string_view field, std::string_view& into);
    /// Reads a number, or a text that is an amount.
    std::optional<SentNumber> number(Index index);
    std::optional<model::Timestamp> time(Index index);

    /// Sets `into` to a text, unless it is set already.
    void set_text(std::optional<std::string_view>& into, Index index) {
        if (!into && index != JsonTree::none) into = text(index);
    }
    /// Says that a column holds the value. `index` may be absent.
    void take(Index index) { tree_[index].taken = true; }

    [[nodiscard]] JsonTree& tree() const { return tree_; }
    [[nodiscard]] TextArena& arena() const { return arena_; }

  private:
    std::string_view string_of(const JsonNode& node) {
        return node.escaped ? unescape_json(node.value(), arena_) : node.value();
    }
    std::string_view digits_of(const JsonNode& node);

    JsonTree& tree_;
    TextArena& arena_;
};

}  // namespace millrace::silver
