#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "serve/postgres.h"

namespace millrace::serve {

/// Gold's tables in a PostgreSQL schema (schemas/postgres/*.sql).
class PostgresGold {
  public:
    /// How far a table has come there.
    struct Progress {
        std::string table_id;  ///< of the Delta table
        std::int64_t delta_version = -1;
        std::int64_t silver_version = -1;
    };
    /// A table's name and the columns that tell its rows apart.
    struct Table {
        std::string name;
        std::vector<std::string> key;
    };
    /// Calls its argument with rows, any number of times.
    using Rows = std::function<void(const std::function<void(const arrow::RecordBatch&)>&)>;

    /// Connects, creates what is missing and brings it to this program's version. Throws an Error when the
    /// server is away, the schema is of a newer program, or of the shop of another silver table.
    PostgresGold(const std::string& url, const std::string& schema, const std::string& silver_id);

    /// Nothing when the table was never written.
    std::optional<Progress> progress(const std::string& table);
    /// Puts `rows`, which have a column `day`, in the place of those of the same key, once those of `days`
    /// (all, when there is no value) are gone, and moves the progress, in one transaction.
    void publish(const Table& table, const std::optional<std::vector<std::string>>& days, const Rows& rows,
                 const Progress& progress);
    /// Replaces what open windows have, but not what is closed already. In one transaction for all tables.
    void publish_open(const std::vector<std::pair<Table, Rows>>& tables);
    /// Brings the materialized views up to date.
    void refresh_views();

  private:
    void migrate();
    void adopt_shop(const std::string& silver_id);
    void stage(const Table& table, const Rows& rows, bool closed);
    void put_in_place(const Table& table, bool closed);

    Postgres postgres_;
    const std::string schema_;
};

}  // namespace millrace::serve
