#pragma once

#include <cstddef>
#include <cstdint>

#include "gold/events.h"
#include "gold/stage/gold_engine.h"
#include "silver/stage/uncommitted_rows.h"
#include "storage/delta_table.h"

namespace millrace::gold {

/// Keeps the rows that Silver has not committed yet in the engine's state, so that readers of the open
/// windows see them. The engine drops them whenever it takes a commit in; the next update() adds those that
/// are left. Not thread-safe.
class UncommittedTail {
  public:
    /// `rows` may be null: Silver runs in another process. Both must outlive the object.
    UncommittedTail(silver::UncommittedRows* rows, GoldEngine& engine) : rows_(rows), engine_(engine) {}

    /// Begins to receive rows.
    void open() {
        if (rows_ != nullptr) rows_->open();
    }
    /// Removes the rows of a commit that the engine has taken in.
    void remove(const storage::Commit& commit);
    /// Removes the rows of a table that the engine has taken in.
    void remove(const storage::Snapshot& table);
    /// Brings the engine up to date. Returns true if the readers see something new.
    bool update();

  private:
    silver::UncommittedRows* const rows_;
    GoldEngine& engine_;
    std::uint64_t seen_changes_ = 0;
    std::uint64_t seen_clears_ = 0;
    std::uint64_t seen_withdrawals_ = 0;
    std::size_t added_ = 0;  // blocks that the engine has
    Events events_;          // kept so that its memory is reused
};

}  // namespace millrace::gold
