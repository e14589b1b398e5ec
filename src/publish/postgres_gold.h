#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "publish/postgres.h"

namespace millrace::publish {

/// Gold's tables in a PostgreSQL schema (schemas/postgres/*.sql).
class PostgresGold {
  public:
    /// How far a table has come there.
    struct Progress {
        std::string table_id;  ///< of the Delta table
        std::int64_t delta_version = -1;
        std::int64_t silver_version = -1;
    };
    /// Calls its argument with rows, any number of times.
    using Rows = std::function<void(const std::function<void(const arrow::RecordBatch&)>&)>;

    /// Connects, creates what is missing and brings it to this program's version. Throws an Error when the
    /// server is away, a usage Error when the database can't hold every text, or the schema is of a newer
    /// program, or of the shop of another silver table.
    PostgresGold(const std::string& url, const std::string& schema, const std::string& silver_id);

    /// Whether the last error left the connection usable: one table's fault does, a server that went away
    /// doesn't.
    [[nodiscard]] bool is_connected() const { return postgres_.is_connected(); }

    /// Nothing when the table was never written.
    std::optional<Progress> progress(const std::string& table);
    /// Puts `closed`, which have a column `day`, in the place of rows of the same key, once those of `days`
    /// (all, when there is no value) are gone, and moves the progress, in one transaction. `open`, where it
    /// is given, replaces what open windows have.
    void publish(const std::string& table, const std::optional<std::vector<std::string>>& days,
                 const Rows& closed, const Rows& open, const Progress& progress);
    /// Replaces what a table's open windows have, but not what is closed already, in one transaction.
    void publish_open(const std::string& table, const Rows& rows);
    /// The schema's materialized views.
    std::vector<std::string> views();
    /// Brings a materialized view up to date.
    void refresh(const std::string& view);

  private:
    void check_encoding();
    void migrate();
    void adopt_shop(const std::string& silver_id);
    void stage(const std::string& table, const Rows& rows, bool closed);
    void put_in_place(const std::string& table, bool closed);
    void replace_open(const std::string& table, const Rows& rows);
    std::string key_of(const std::string& table);

    Postgres postgres_;
    const std::string schema_;
};

}  // namespace millrace::publish
