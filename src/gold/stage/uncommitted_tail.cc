#include "gold/stage/uncommitted_tail.h"

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "gold/silver_rows.h"

namespace millrace::gold {

void UncommittedTail::remove(const storage::Commit& commit) {
    if (rows_ == nullptr) return;
    std::map<std::string_view, std::int64_t> offsets;
    for (const storage::Txn& txn : commit.txns) offsets[txn.app_id] = txn.version;
    rows_->remove_committed([&](const std::string& id) {
        const auto found = offsets.find(id);
        return found == offsets.end() ? 0 : found->second;
    });
}

void UncommittedTail::remove(const storage::Snapshot& table) {
    if (rows_ == nullptr) return;
    rows_->remove_committed([&](const std::string& id) { return table.txn(id, 0); });
}

bool UncommittedTail::update() {
    if (rows_ == nullptr) return false;
    const std::uint64_t changes = rows_->changes();
    if (rows_->clears() != seen_clears_) {
        engine_.withdraw_shown();
        seen_clears_ = rows_->clears();
        added_ = 0;
    }
    const bool withdrawn = std::exchange(seen_withdrawals_, engine_.withdrawals()) != engine_.withdrawals();
    if (withdrawn) added_ = 0;
    if (changes == seen_changes_ && !withdrawn) return false;
    const auto blocks = rows_->blocks(added_);
    const bool is_news = changes != seen_changes_ || !blocks.empty();
    seen_changes_ = changes;
    added_ += blocks.size();
    events_.clear();
    for (const auto& block : blocks) {
        for (const silver::RowBlock::Row& row : block->rows())
            read_event(row.event, engine_.strings(), events_);
    }
    if (!events_.rows.empty()) engine_.add_uncommitted(events_.rows);
    return is_news;
}

}  // namespace millrace::gold
