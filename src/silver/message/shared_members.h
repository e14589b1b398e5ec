#pragma once

#include <string>
#include <string_view>

#include "silver/message/json_tree.h"

namespace millrace::silver {

/// What a request says for all of its messages (Origin::shared), as a tree. The text is read once for
/// messages of one request that follow each other.
class SharedMembers {
  public:
    /// Reads `text`. What is no JSON object counts as absent. No member is taken or opened afterwards.
    JsonTree& read(std::string_view text);
    /// Whether the last text was a JSON object.
    [[nodiscard]] bool present() const { return tree_.size() > 0; }

  private:
    std::string text_;  // with bronze::record_padding bytes behind
    std::size_t size_ = 0;
    JsonTree tree_;
};

}  // namespace millrace::silver
