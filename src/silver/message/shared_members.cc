#include "silver/message/shared_members.h"

#include "bronze/record.h"

namespace millrace::silver {

JsonTree& SharedMembers::read(std::string_view text) {
    if (std::string_view(text_).substr(0, size_) == text) {
        for (JsonTree::Index i = 0; i < tree_.size(); ++i) tree_[i].taken = tree_[i].opened = false;
        return tree_;
    }
    text_.assign(text);
    size_ = text.size();
    text_.append(bronze::record_padding, '\0');
    static_cast<void>(tree_.read(std::string_view(text_).substr(0, size_)));
    return tree_;
}

}  // namespace millrace::silver
