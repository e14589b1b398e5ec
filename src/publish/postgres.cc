#include "publish/postgres.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace millrace::publish {

namespace {

constexpr const char* connecting = "connecting to PostgreSQL";

/// Joins the lines of a message from libpq.
std::string without_newlines(std::string text) {
    while (!text.empty() && text.back() == '\n') text.pop_back();
    std::ranges::replace(text, '\n', ' ');
    return text;
}

}  // namespace

void check_postgres_address(const std::string& url) {
    char* message = nullptr;
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
        PQconninfoParse(url.c_str(), &message), PQconninfoFree);
    const std::unique_ptr<char, decltype(&PQfreemem)> freed(message, PQfreemem);
    // The message of libpq quotes the address, which may contain a password, so it is not shown.
    if (!options)
        throw usage_error(connecting,
                          "--postgres is not an address such as postgresql://USER@HOST:5432/DATABASE");
}

Postgres::Postgres(const std::string& url) {
    check_postgres_address(url);
    const std::string connect_timeout_s = "10";
    const char* keys[] = {"dbname", "connect_timeout", "application_name", "client_encoding", nullptr};
    const char* values[] = {url.c_str(), connect_timeout_s.c_str(), "millrace", "UTF8", nullptr};
    connection_.reset(PQconnectdbParams(keys, values, 1));
    if (PQstatus(connection_.get()) != CONNECTION_OK)
        throw Error(connecting, without_newlines(PQerrorMessage(connection_.get())));
    PQsetNoticeProcessor(connection_.get(), [](void*, const char*) {}, nullptr);
}

void Postgres::check(const PGresult* result, ExecStatusType wanted, const std::string& doing) const {
    if (result != nullptr && PQresultStatus(result) == wanted) return;
    throw Error(fmt::format("running {} in PostgreSQL", doing),
                without_newlines(PQerrorMessage(connection_.get())));
}

void Postgres::run(const std::string& statements) {
    const Result result(PQexec(connection_.get(), statements.c_str()));
    const std::string doing = statements.substr(0, statements.find_first_of("\n(;"));
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) check(result.get(), PGRES_COMMAND_OK, doing);
}

std::vector<std::vector<std::string>> Postgres::query(const std::string& statement,
                                                      const std::vector<std::string>& parameters) {
    std::vector<const char*> values(parameters.size());
    std::ranges::transform(parameters, values.begin(), &std::string::c_str);
    const Result result(PQexecParams(connection_.get(), statement.c_str(), static_cast<int>(values.size()),
                                     nullptr, values.data(), nullptr, nullptr, 0));
    if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) check(result.get(), PGRES_TUPLES_OK, statement);
    std::vector<std::vector<std::string>> rows(static_cast<std::size_t>(PQntuples(result.get())));
    for (std::size_t row = 0; row < rows.size(); ++row) {
        for (int column = 0; column < PQnfields(result.get()); ++column)
            rows[row].emplace_back(PQgetvalue(result.get(), static_cast<int>(row), column));
    }
    return rows;
}

void Postgres::begin_copy(const std::string& statement) {
    const Result result(PQexec(connection_.get(), statement.c_str()));
    check(result.get(), PGRES_COPY_IN, "COPY");
}

void Postgres::copy(std::string_view piece) {
    if (PQputCopyData(connection_.get(), piece.data(), static_cast<int>(piece.size())) != 1)
        throw Error("sending rows to PostgreSQL", without_newlines(PQerrorMessage(connection_.get())));
}

void Postgres::end_copy() {
    if (PQputCopyEnd(connection_.get(), nullptr) != 1)
        throw Error("sending rows to PostgreSQL", without_newlines(PQerrorMessage(connection_.get())));
    const Result result(PQgetResult(connection_.get()));
    const Result last(PQgetResult(connection_.get()));
    check(result.get(), PGRES_COMMAND_OK, "COPY");
}

std::string Postgres::quoted(std::string_view name) {
    std::string text = "\"";
    for (const char c : name) text += c == '"' ? "\"\"" : std::string(1, c);
    return text + '"';
}

PostgresTransaction::~PostgresTransaction() {
    if (done_) return;
    try {
        postgres_.run("ROLLBACK");
    } catch (const Error&) {  // the connection is lost, so the server rolls back
    }
}

void PostgresTransaction::commit() {
    postgres_.run("COMMIT");
    done_ = true;
}

}  // namespace millrace::publish
