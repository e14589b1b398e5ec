#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "silver/message/json_tree.h"
#include "silver/text_arena.h"

namespace millrace::silver {

/// Writes the JSON object of the fields of a message that no column holds, each as its sender wrote it. A
/// member is left out if it is taken. Of an object that a decoder has opened (JsonNode::opened), the members
/// that are left are written, and nothing if there are none.
class LeftoverFields {
  public:
    /// `max_bytes` bounds all that will be added, with room for each section's name and brackets.
    LeftoverFields(TextArena& arena, std::size_t max_bytes);

    /// Adds members that were written before, without brackets around.
    void add_text(std::string_view members);
    /// Adds one member.
    void add(const JsonTree& tree, JsonTree::Index member);
    /// Adds all members of an object.
    void add_members(const JsonTree& tree, JsonTree::Index object);
    /// Adds an object as a member of this name, unless nothing of it is left.
    void add_section(std::string_view name, const JsonTree& tree, JsonTree::Index object);

    /// Returns the members without brackets around, which is empty if there are none.
    std::string_view finish_members();
    /// Returns the object, or nullopt if nothing was added.
    std::optional<std::string_view> finish();

  private:
    void separate();
    void append(std::string_view text) { to_ = TextArena::append(to_, text); }

    TextArena& arena_;
    char* start_;
    char* to_;
    bool first_ = true;  // whether the innermost object has nothing yet
};

/// Returns whether a member of `object` with this name is left. Names that are written with escapes differ.
bool is_left(const JsonTree& tree, JsonTree::Index object, std::string_view name);

}  // namespace millrace::silver
