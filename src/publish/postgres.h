#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <vector>

namespace millrace::publish {

/// Throws a usage Error unless `url` is a `postgresql://` URL or a `key=value` connection string of libpq.
void check_postgres_address(const std::string& url);

/// A connection to a PostgreSQL server. Failed calls throw an Error with the message of the server, which
/// never contains the password. Not thread-safe.
class Postgres {
  public:
    /// Connects, with a timeout of 10 s. Throws Error if there is no usable server.
    explicit Postgres(const std::string& url);

    /// Returns true if the connection is still usable after the last error.
    [[nodiscard]] bool is_connected() const { return PQstatus(connection_.get()) == CONNECTION_OK; }

    /// Runs statements that return no rows.
    void run(const std::string& statements);
    /// Returns the rows of a query as text. A null value is an empty text.
    std::vector<std::vector<std::string>> query(const std::string& statement,
                                                const std::vector<std::string>& parameters = {});
    /// Sends CSV for a `COPY … FROM STDIN (FORMAT csv)`: begin_copy(), any number of copy(), end_copy().
    void begin_copy(const std::string& statement);
    void copy(std::string_view piece);
    void end_copy();

    /// Returns an identifier in quotes.
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

/// A transaction that is rolled back unless commit() is called. `postgres` must outlive it.
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
