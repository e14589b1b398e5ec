#include "publish/postgres_gold.h"

#include <arrow/api.h>
#include <arrow/csv/api.h>
#include <arrow/io/api.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "base/error.h"
#include "serve/sql_files.h"
#include "storage/arrow_status.h"

namespace millrace::publish {

namespace {

constexpr const char* doing = "writing rows as CSV";

std::string csv(const arrow::RecordBatch& rows) {
    auto options = arrow::csv::WriteOptions::Defaults();
    options.include_header = false;
    auto stream = storage::value_of(arrow::io::BufferOutputStream::Create(), doing);
    storage::check(arrow::csv::WriteCSV(rows, options, stream.get()), doing);
    return storage::value_of(stream->Finish(), doing)->ToString();
}

std::vector<std::string> columns_of(const arrow::RecordBatch& rows) {
    std::vector<std::string> names;
    for (const auto& field : rows.schema()->fields()) names.push_back(Postgres::quoted(field->name()));
    return names;
}

std::string staged(const std::string& table) {
    return Postgres::quoted("staged_" + table);
}

}  // namespace

PostgresGold::PostgresGold(const std::string& url, const std::string& schema, const std::string& silver_id)
    : postgres_(url), schema_(Postgres::quoted(schema)) {
    check_encoding();
    migrate();
    adopt_shop(silver_id);
}

/// Events may contain any text. A text that the database cannot represent would block all updates after it.
void PostgresGold::check_encoding() {
    const std::string encoding = postgres_.query("SHOW server_encoding").front().front();
    if (encoding == "UTF8" || encoding == "SQL_ASCII") return;
    throw usage_error(
        "publishing to PostgreSQL",
        fmt::format("the encoding of the database is {}, which cannot represent every text", encoding),
        "Create a database with: createdb --encoding=UTF8 --template=template0 NAME");
}

/// Applies the missing migrations in one transaction. An advisory lock admits one process at a time.
void PostgresGold::migrate() {
    // CREATE SCHEMA requires a privilege that the user may lack, so it is not run if the schema exists.
    if (postgres_.query("SELECT 1 WHERE to_regnamespace($1) IS NOT NULL", {schema_}).empty())
        postgres_.run(fmt::format("CREATE SCHEMA IF NOT EXISTS {}", schema_));
    postgres_.run(fmt::format("SET search_path TO {}; SET TimeZone TO 'UTC'", schema_));
    PostgresTransaction transaction(postgres_);
    postgres_.run("SELECT pg_advisory_xact_lock(7382917465)");
    postgres_.run(
        "CREATE TABLE IF NOT EXISTS migrations (version integer PRIMARY KEY, name text NOT NULL, applied_at "
        "timestamptz NOT NULL)");
    const auto known = postgres_.query("SELECT coalesce(max(version), 0) FROM migrations");
    const auto version = static_cast<std::size_t>(std::stoul(known.front().front()));
    const auto& migrations = serve::postgres_migrations();
    if (version > migrations.size())
        throw usage_error("publishing to PostgreSQL",
                          fmt::format("the schema {} has version {}, and this program supports up to {}",
                                      schema_, version, migrations.size()),
                          "Use a newer version of Millrace.");
    for (std::size_t next = version; next < migrations.size(); ++next) {
        postgres_.run(migrations[next].sql);
        postgres_.query("INSERT INTO migrations VALUES ($1, $2, now())",
                        {std::to_string(next + 1), migrations[next].name});
    }
    transaction.commit();
}

void PostgresGold::adopt_shop(const std::string& silver_id) {
    const auto known = postgres_.query("SELECT silver_id FROM shop");
    if (known.empty()) {
        postgres_.query("INSERT INTO shop VALUES ($1)", {silver_id});
    } else if (known.front().front() != silver_id) {
        throw usage_error(
            "publishing to PostgreSQL",
            fmt::format("the schema {} contains the metrics of another data directory", schema_),
            "Choose another schema with --postgres-schema, or drop this one.");
    }
}

std::optional<PostgresGold::Progress> PostgresGold::progress(const std::string& table) {
    const auto rows = postgres_.query(
        "SELECT table_id, delta_version, silver_version FROM progress WHERE table_name = $1", {table});
    if (rows.empty()) return std::nullopt;
    return Progress{rows[0][0], storage::Version(std::stoll(rows[0][1])),
                    storage::Version(std::stoll(rows[0][2]))};
}

/// Copies rows into a temporary table of this connection.
void PostgresGold::stage(const std::string& table, const Rows& rows, bool closed) {
    postgres_.run(
        fmt::format("CREATE TEMP TABLE IF NOT EXISTS {} (LIKE {} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS",
                    staged(table), Postgres::quoted(table)));
    postgres_.run(
        fmt::format("TRUNCATE {0}; ALTER TABLE {0} ALTER closed SET DEFAULT {1}", staged(table), closed));
    bool begun = false;
    rows([&](const arrow::RecordBatch& batch) {
        if (!std::exchange(begun, true))
            postgres_.begin_copy(fmt::format("COPY {} ({}) FROM STDIN (FORMAT csv)", staged(table),
                                             fmt::join(columns_of(batch), ", ")));
        postgres_.copy(csv(batch));
    });
    if (begun) postgres_.end_copy();
}

/// Returns the key of a table: the columns of its unique index, and the expressions that replace long texts
/// in it.
std::string PostgresGold::key_of(const std::string& table) {
    return postgres_
        .query(
            "SELECT string_agg(pg_get_indexdef(indexrelid, n, true), ', ' ORDER BY n) FROM pg_index, "
            "generate_series(1, indnkeyatts) AS n "
            "WHERE indexrelid = quote_ident($1::text || '_key')::regclass",
            {table})
        .front()
        .front();
}

/// Inserts the staged rows into the table. A closed row replaces an open one, and not the reverse.
void PostgresGold::merge_staged(const std::string& table, bool closed) {
    const auto columns = postgres_.query(
        "SELECT quote_ident(column_name) FROM information_schema.columns WHERE table_schema = "
        "current_schema() AND table_name = $1",
        {table});
    std::string sets;
    for (const auto& column : columns)
        sets += fmt::format("{}{} = EXCLUDED.{}", sets.empty() ? "" : ", ", column[0], column[0]);
    postgres_.run(fmt::format("INSERT INTO {} SELECT * FROM {} ON CONFLICT ({}) DO {}",
                              Postgres::quoted(table), staged(table), key_of(table),
                              closed ? "UPDATE SET " + sets : std::string("NOTHING")));
}

void PostgresGold::publish(const std::string& table, const Change& change, const Progress& progress) {
    PostgresTransaction transaction(postgres_);
    if (!change.days) {
        postgres_.run(fmt::format("DELETE FROM {}", Postgres::quoted(table)));
    } else {
        for (const std::string& day : *change.days)
            postgres_.query(
                fmt::format("DELETE FROM {} WHERE day = $1::text::date AND closed", Postgres::quoted(table)),
                {day});
    }
    stage(table, change.closed, true);
    merge_staged(table, true);
    if (change.open) replace_open(table, change.open);
    postgres_.query(
        "INSERT INTO progress VALUES ($1, $2, $3::text::bigint, $4::text::bigint, now()) ON CONFLICT "
        "(table_name) DO UPDATE SET table_id = "
        "EXCLUDED.table_id, delta_version = EXCLUDED.delta_version, silver_version = "
        "EXCLUDED.silver_version, "
        "updated_at = EXCLUDED.updated_at",
        {table, progress.table_id, std::to_string(progress.delta_version.value()),
         std::to_string(progress.silver_version.value())});
    transaction.commit();
}

void PostgresGold::publish_open(const std::string& table, const Rows& rows) {
    PostgresTransaction transaction(postgres_);
    replace_open(table, rows);
    transaction.commit();
}

void PostgresGold::replace_open(const std::string& table, const Rows& rows) {
    postgres_.run(fmt::format("DELETE FROM {} WHERE NOT closed", Postgres::quoted(table)));
    stage(table, rows, false);
    merge_staged(table, false);
}

std::vector<std::string> PostgresGold::views() {
    std::vector<std::string> names;
    for (auto& row :
         postgres_.query("SELECT matviewname FROM pg_matviews WHERE schemaname = current_schema()"))
        names.push_back(std::move(row.front()));
    return names;
}

void PostgresGold::refresh(const std::string& view) {
    postgres_.run(fmt::format("REFRESH MATERIALIZED VIEW CONCURRENTLY {}", Postgres::quoted(view)));
}

}  // namespace millrace::publish
