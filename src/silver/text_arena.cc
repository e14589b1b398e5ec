#include "silver/text_arena.h"

#include <algorithm>

namespace millrace::silver {

namespace {

constexpr std::size_t smallest_block = std::size_t{16} << 10U;
constexpr std::size_t largest_kept = std::size_t{1} << 20U;

}  // namespace

void TextArena::grow(std::size_t size) {
    const std::size_t last = blocks_.empty() ? 0 : blocks_.back().size;
    size = std::max({size, 2 * std::min(last, largest_kept), smallest_block});
    blocks_.push_back({std::make_unique_for_overwrite<char[]>(size), size});
    at_ = blocks_.back().bytes.get();
    end_ = at_ + size;
}

void TextArena::clear() {
    // The last block is at least twice as large as the one before, so it alone is enough for most messages.
    if (blocks_.size() > 1) blocks_.erase(blocks_.begin(), blocks_.end() - 1);
    if (!blocks_.empty() && blocks_.back().size > largest_kept) blocks_.clear();
    at_ = blocks_.empty() ? nullptr : blocks_.back().bytes.get();
    end_ = blocks_.empty() ? nullptr : at_ + blocks_.back().size;
}

std::size_t TextArena::capacity() const {
    std::size_t total = 0;
    for (const Block& each : blocks_) total += each.size;
    return total;
}

}  // namespace millrace::silver
