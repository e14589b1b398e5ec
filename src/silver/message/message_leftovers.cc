#include "silver/message/message_leftovers.h"

namespace millrace::silver {

namespace {

/// What is left of a message is repeated for each of its lines up to this many bytes.
constexpr std::size_t most_repeated_bytes = std::size_t{1} << 20U;
/// A line's members are compared with this many members of the message.
constexpr std::size_t most_compared_members = 64;

}  // namespace

std::string_view MessageLeftovers::section(std::string_view name) {
    if (!sources_.may_clash || sources_.main == JsonTree::none) return name;
    while (is_left(sources_.message, sources_.main, name)) name = arena_.join({name, "_"});
    return name;
}

template <typename Finish>
auto MessageLeftovers::write_message(Finish finish) {
    constexpr std::size_t brackets = 32;
    JsonTree& message = sources_.message;
    JsonTree& shared = sources_.shared;
    const std::string_view of_context = section("context");
    const std::string_view of_message = section("message");
    const std::string_view of_batch = section("batch");
    const std::size_t names = of_context.size() + of_message.size() + of_batch.size() + brackets;
    LeftoverFields left(arena_, message[0].size + std::size_t{shared[0].size} + names);
    if (sources_.main != JsonTree::none) {
        left.add_members(message, sources_.main);
        message[sources_.main].taken = true;
    }
    if (sources_.context != JsonTree::none) {
        left.add_section(of_context, message, sources_.context);
        message[sources_.context].taken = true;
    }
    left.add_section(of_message, message, 0);
    if (shared.size() > 0) left.add_section(of_batch, shared, 0);
    return finish(left);
}

std::optional<std::string_view> MessageLeftovers::of_message() {
    return write_message([](LeftoverFields& left) { return left.finish(); });
}

void MessageLeftovers::begin_lines(std::size_t line_count) {
    product_section_ = section("product");
    of_all_lines_ = write_message([](LeftoverFields& left) { return left.finish_members(); });
    repeat_ = of_all_lines_.size() * line_count <= most_repeated_bytes;
    std::size_t members = 0;
    if (sources_.main != JsonTree::none)
        sources_.message.each(sources_.main, [&](JsonTree::Index) { ++members; });
    compare_ = members <= most_compared_members;
}

void MessageLeftovers::add_unless_clashing(LeftoverFields& left, JsonTree::Index line) {
    JsonTree& message = sources_.message;
    message.each(line, [&](JsonTree::Index member) {
        const bool clashes =
            sources_.main != JsonTree::none && is_left(message, sources_.main, message[member].name());
        if (clashes) return;
        left.add(message, member);
        message[member].taken = true;
    });
}

std::optional<std::string_view> MessageLeftovers::of_line(JsonTree::Index line) {
    constexpr std::size_t brackets = 16;
    JsonTree& message = sources_.message;
    const std::string_view of_all = repeat_ || first_ ? of_all_lines_ : std::string_view();
    first_ = false;
    const std::size_t own = message[line].opened ? message[line].size : 0;
    LeftoverFields left(arena_, own + of_all.size() + product_section_.size() + brackets);
    if (own > 0) {
        if (compare_) add_unless_clashing(left, line);
        left.add_section(product_section_, message, line);
    }
    left.add_text(of_all);
    return left.finish();
}

}  // namespace millrace::silver
