#pragma once

#include <optional>
#include <string_view>

#include "silver/message/json_tree.h"
#include "silver/message/leftover_fields.h"
#include "silver/text_arena.h"

namespace millrace::silver {

/// Where the fields of a message stand that no column holds.
struct LeftoverSources {
    JsonTree& message;
    JsonTree& shared;                       ///< of Origin::shared; it may be empty
    JsonTree::Index main = JsonTree::none;  ///< the object of the event's own fields, if the message has it
    JsonTree::Index context =
        JsonTree::none;  ///< the object that says where it happened, if the message has it
    /// Whether `main` has a member that is named like a section: `context`, `message`, `batch` or `product`.
    bool may_clash = true;
};

/// Writes the properties of a message's events: a JSON object of the members of `main` that are left, under
/// their own names, and of sections: `context`, `message` for the message's other members, and `batch` for
/// those of Origin::shared. An underscore is added to a section's name where `main` has the name too. The
/// texts point into `arena`.
class MessageLeftovers {
  public:
    MessageLeftovers(const LeftoverSources& sources, TextArena& arena) : sources_(sources), arena_(arena) {}

    /// Returns the properties of a message's only event, or nullopt if nothing is left.
    std::optional<std::string_view> of_message();

    /// Begins with a message that has a line for each event: reads what is left of the message as a whole.
    /// The members of the lines must be taken, so that they are not part of it.
    void begin_lines(std::size_t line_count);
    /// Returns the properties of the next line: what is left of it under its own names, or in the section
    /// `product` where the message has the name too, and what is left of the message. If that would make a
    /// large message a huge one, only the first line has the latter.
    std::optional<std::string_view> of_line(JsonTree::Index line);

  private:
    std::string_view section(std::string_view name);
    template <typename Finish>
    auto write_message(Finish finish);
    void add_unless_clashing(LeftoverFields& left, JsonTree::Index line);

    const LeftoverSources sources_;
    TextArena& arena_;
    std::string_view of_all_lines_;
    std::string_view product_section_;
    bool repeat_ = true;
    bool first_ = true;
    bool compare_ = true;
};

}  // namespace millrace::silver
