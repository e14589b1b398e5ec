#include "silver/message/leftover_fields.h"

namespace millrace::silver {

LeftoverFields::LeftoverFields(TextArena& arena, std::size_t max_bytes)
    : arena_(arena), start_(arena.begin(max_bytes + 2)), to_(start_) {
    *to_++ = '{';
}

void LeftoverFields::separate() {
    if (!first_) *to_++ = ',';
    first_ = false;
}

void LeftoverFields::add_text(std::string_view members) {
    if (members.empty()) return;
    separate();
    append(members);
}

void LeftoverFields::add(const JsonTree& tree, JsonTree::Index member) {
    const JsonNode& node = tree[member];
    if (node.taken) return;
    if (!node.opened) {
        separate();
        append(node.raw_member());
        return;
    }
    add_section(node.name(), tree, member);
}

void LeftoverFields::add_members(const JsonTree& tree, JsonTree::Index object) {
    tree.each(object, [&](JsonTree::Index member) { add(tree, member); });
}

void LeftoverFields::add_section(std::string_view name, const JsonTree& tree, JsonTree::Index object) {
    char* const before = to_;
    const bool was_first = first_;
    separate();
    *to_++ = '"';
    append(name);
    append("\":{");
    first_ = true;
    add_members(tree, object);
    if (first_) {
        to_ = before;
        first_ = was_first;
        return;
    }
    *to_++ = '}';
    first_ = false;
}

std::string_view LeftoverFields::finish_members() {
    return arena_.finish(to_).substr(1);
}

std::optional<std::string_view> LeftoverFields::finish() {
    if (first_) return std::nullopt;
    *to_++ = '}';
    return arena_.finish(to_);
}

bool is_left(const JsonTree& tree, JsonTree::Index object, std::string_view name) {
    const JsonTree::Index end = tree[object].next;
    for (JsonTree::Index at = object + 1; at < end; at = tree[at].next) {
        if (!tree[at].taken && tree[at].name() == name) return true;
    }
    return false;
}

}  // namespace millrace::silver
