#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "publish/postgres.h"
#include "storage/version.h"

namespace millrace::publish {

/// Gold's tables in a schema of PostgreSQL (schemas/postgres/*.sql). Not thread-safe.
class PostgresGold {
  public:
    /// The progress of a table in PostgreSQL.
    struct Progress {
        std::string table_id;  ///< id of the Delta table
        storage::Version delta_version = storage::no_version;
        storage::Version silver_version = storage::no_version;
    };
    /// A function that calls its argument with rows, any number of times.
    using Rows = std::function<void(const std::function<void(const arrow::RecordBatch&)>&)>;

    /// Connects, and creates or migrates the schema. Throws Error if the server is not reachable. Throws a
    /// usage Error if the encoding of the database cannot represent every text, if the schema was written by
    /// a newer program, or if it belongs to another silver table.
    PostgresGold(const std::string& url, const std::string& schema, const std::string& silver_id);

    /// Returns true if the connection is still usable after the last error. It is after an error in one
    /// table, and it is not if the server became unreachable.
    [[nodiscard]] bool is_connected() const { return postgres_.is_connected(); }

    /// Returns the progress of a table, or nothing if the table was never written.
    std::optional<Progress> progress(const std::string& table);
    /// The new rows of a table. All rows must have the column `day`.
    struct Change {
        std::optional<std::vector<std::string>> days;  ///< days whose closed rows are deleted; none: all rows
        Rows closed;                                   ///< they replace rows with the same key
        Rows open;                                     ///< if given, they replace the rows of open windows
    };
    /// Changes the rows of a table and stores its progress, in one transaction.
    void publish(const std::string& table, const Change& change, const Progress& progress);
    /// Replaces the rows of open windows in a table, in one transaction. Closed rows are not changed.
    void publish_open(const std::string& table, const Rows& rows);
    /// Returns the names of the materialized views in the schema.
    std::vector<std::string> views();
    /// Refreshes a materialized view.
    void refresh(const std::string& view);

  private:
    void check_encoding();
    void migrate();
    void adopt_shop(const std::string& silver_id);
    void stage(const std::string& table, const Rows& rows, bool closed);
    void merge_staged(const std::string& table, bool closed);
    void replace_open(const std::string& table, const Rows& rows);
    std::string key_of(const std::string& table);

    Postgres postgres_;
    const std::string schema_;
};

}  // namespace millrace::publish
