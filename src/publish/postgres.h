#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <vector>

namespace millrace::publish {

/// Throws a usage Error unless `url` is a `postgresql://` URL or a `key=value` string (libpq's).
void check_postgres_address(const std::string& url);

/// A connection to a PostgreSQL server. Errors say what the server said, and never hold the password.
class Postgres {
  public:
    /// Connects. Throws an Error when there is no usable server.
    explicit Postgres(const std::string& url);

    /// Whether the last error left the connection usable.
    [[nodiscard]] bool is_connected() const { return PQstatus(connection_.get()) == CONNECTION_OK; }

    /// Runs statements that give no rows.
    void run(const std::string& statements);
    /// The rows of a query, as text; null is the empty text.
    std::vector<std::vector<std::string>> query(const std::string& statement,
                                                const std::vector<std::string>& parameters = {});
    /// Sends CSV for a `COPY … FROM STDIN (FORMAT csv)`: begin, any number of pieces, end.
    void begin_copy(const std::string& statement);
    void copy(std::string_view piece);
    void end_copy();

    /// A name in quotes.
    [[nodiscard]] static std::string quoted(std::string_view name);

  private:
    struct Deleter {
        void operator()(PGconn* connection) const { PQfinish(connection); }
        void operator()(PGresult* result) const { PQclear(result); }
    };
    using Result = std::unique_ptr<PGresult, Deleter>;

    void check(const PGresult* result, ExecStatusType wanted, const std::string& doing) const;

    std::unique_ptr<PGconn, Deleter> connection_;
};

/// A transaction, which is rolled back unless it is committed.
class PostgresTransaction {
  public:
    explicit PostgresTransaction(Postgres& postgres) : postgres_(postgres) { postgres_.run("BEGIN"); }
    PostgresTransaction(const PostgresTransaction&) = delete;
    PostgresTransaction& operator=(const PostgresTransaction&) = delete;
    ~PostgresTransaction();
    void commit();

  private:
    Postgres& postgres_;
    bool done_ = false;
};

}  // namespace millrace::publish
