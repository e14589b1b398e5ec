#pragma once

#include <cstdint>
#include <optional>

#include "silver/stage/old_tables.h"
#include "silver/stage/rebuilt_tables.h"
#include "storage/version.h"

namespace millrace::silver {

/// Puts rebuilt tables in the place of the old ones, with a quarantine commit and then a silver commit. Not
/// thread-safe.
class TableReplacement {
  public:
    /// All of it must outlive the object.
    TableReplacement(const catalog::DataDirectory& data, const bronze::EventLog& log, OldTables& old,
                     const RebuiltTables& rebuilt)
        : data_(data), log_(log), old_(old), rebuilt_(rebuilt) {}

    /// Returns the version of the silver commit. Returns nothing when another program has committed since the
    /// old tables were opened, one that does not take the commit lock or did so before it was held: what it
    /// committed has to be rebuilt, too. Throws an Error when rows would be lost.
    std::optional<storage::Version> commit();

  private:
    [[nodiscard]] bool is_old_silver_current() const;
    void check_nothing_missing() const;
    void check_files_there() const;
    [[nodiscard]] storage::Commit silver_commit() const;
    [[nodiscard]] storage::Commit quarantine_commit() const;

    const catalog::DataDirectory& data_;
    const bronze::EventLog& log_;
    OldTables& old_;
    const RebuiltTables& rebuilt_;
};

}  // namespace millrace::silver
