#pragma once

#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <vector>

namespace millrace::silver {

/// Memory for the texts that a decoder derives from a message. A view of it is valid until clear(), whatever
/// is added in between. clear() keeps the memory, so that usual messages cause no allocation. Not
/// thread-safe.
class TextArena {
  public:
    /// Returns room for up to `size` bytes. finish() ends the text; nothing else may be added before.
    char* begin(std::size_t size) {
        if (size > static_cast<std::size_t>(end_ - at_)) grow(size);
        return at_;
    }
    /// Ends the text that begin() started, at `end`, and returns it.
    std::string_view finish(char* end) {
        const std::string_view text(at_, static_cast<std::size_t>(end - at_));
        at_ = end;
        return text;
    }

    /// Adds the texts as one.
    std::string_view join(std::initializer_list<std::string_view> texts) {
        std::size_t size = 0;
        for (const std::string_view text : texts) size += text.size();
        char* to = begin(size);
        for (const std::string_view text : texts) to = append(to, text);
        return finish(to);
    }

    /// Copies `text` to `to` and returns the end of the copy.
    static char* append(char* to, std::string_view text) {
        if (!text.empty()) std::memcpy(to, text.data(), text.size());
        return to + text.size();
    }

    /// Invalidates all views.
    void clear();

    /// The bytes that the arena holds, used or not.
    [[nodiscard]] std::size_t capacity() const;

  private:
    struct Block {
        std::unique_ptr<char[]> bytes;
        std::size_t size = 0;
    };

    void grow(std::size_t size);

    std::vector<Block> blocks_;
    char* at_ = nullptr;  // in the last block
    char* end_ = nullptr;
};

}  // namespace millrace::silver
