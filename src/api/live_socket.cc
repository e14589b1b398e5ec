#include "api/live_socket.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "api/live_tables.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"

namespace millrace::api {

namespace asio = boost::asio;
namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

constexpr const char* socket_name = "socket";
constexpr int max_sessions = 64;
constexpr std::size_t max_query_bytes = std::size_t{8} << 20;
constexpr std::size_t max_answer_bytes = std::size_t{256} << 20;
// Pause after a fault, such as too many open files.
constexpr auto fault_pause = std::chrono::milliseconds(100);
constexpr std::int64_t answer_timeout_s = 10;  // timeout of a request; Gold replies within 3 s

/// Returns the path of the socket in an open directory. The path of a socket is limited to 107 characters, so
/// it refers to the directory by its file descriptor.
std::string socket_path(const base::File& folder) {
    return fmt::format("/proc/self/fd/{}/{}", folder.fd(), socket_name);
}

json::array json_of(const std::vector<serve::SqlView::File>& files) {
    json::array list;
    for (const auto& file : files) {
        json::array partition;
        for (const auto& [column, value] : file.partition) partition.push_back(json::array{column, value});
        list.push_back({{"path", file.path}, {"partition", std::move(partition)}});
    }
    return list;
}

std::vector<serve::SqlView::File> files_of(const json::array& list) {
    std::vector<serve::SqlView::File> files;
    for (const json::value& each : list) {
        serve::SqlView::File& file = files.emplace_back();
        file.path = std::string(each.at("path").as_string());
        for (const json::value& pair : each.at("partition").as_array())
            file.partition.emplace_back(pair.at(0).as_string(), pair.at(1).as_string());
    }
    return files;
}

}  // namespace

/// The session of one client, from its request until it disconnects.
class LiveSocket::Session : public std::enable_shared_from_this<Session> {
  public:
    Session(Protocol::socket socket, LiveView& live, std::shared_ptr<int> count)
        : socket_(std::move(socket)), live_(live), count_(std::move(count)) {
        ++*count_;
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session() { --*count_; }

    void start() {
        asio::async_read_until(
            socket_, asio::dynamic_buffer(text_, max_query_bytes), '\n',
            [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
                if (!error) self->answer();
            });
    }

  private:
    void answer() {
        try {
            text_ = json::serialize(answer(base::parse_json(text_, "the request"))) + "\n";
        } catch (const std::exception& error) {
            spdlog::warn("live tables: {}", error.what());
            return;
        }
        asio::async_write(socket_, asio::buffer(text_),
                          [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
                              if (!error) self->wait_for_end();
                          });
    }
    json::object answer(const json::value& request) {
        const std::string query(request.at("query").as_string());
        const gold::TableSet used = live_tables(query);
        views_ = live_.views(query);
        json::object tables;
        for (const gold::Table table : used) {
            const std::string_view name = gold::table_name(table);
            for (const serve::SqlView& view : views_) {
                if (view.name == fmt::format("live.{}", name)) tables[name] = json_of(view.files);
            }
        }
        if (uses_live_silver(query))
            tables["silver"] =
                json_of(std::ranges::find(views_, "live.silver", &serve::SqlView::name)->files);
        return {{"gold", live_.has_gold()}, {"tables", std::move(tables)}};
    }
    /// Keeps the views, and with them their files, until the client disconnects.
    void wait_for_end() {
        socket_.async_read_some(asio::buffer(byte_), [self = shared_from_this()](
                                                         const boost::system::error_code&, std::size_t) {});
    }

    Protocol::socket socket_;
    LiveView& live_;
    std::shared_ptr<int> count_;
    std::string text_;
    std::array<char, 1> byte_{};
    std::vector<serve::SqlView> views_;
};

LiveSocket::LiveSocket(LiveView& live) : live_(live) {
    try {
        listen();
    } catch (const std::exception& error) {
        spdlog::warn("live tables: `millrace sql` cannot query open windows: {}", error.what());
        return;
    }
    accept();
    thread_ = std::thread([this] { context_.run(); });
}

LiveSocket::~LiveSocket() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
}

void LiveSocket::listen() {
    const base::File folder(live_.folder(), base::File::Mode::read);
    acceptor_.open();
    acceptor_.bind(Protocol::endpoint(socket_path(folder)));
    acceptor_.listen();
}

void LiveSocket::accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error, Protocol::socket socket) {
        if (error == asio::error::operation_aborted) return;
        if (error) std::this_thread::sleep_for(fault_pause);
        if (!error && *sessions_ < max_sessions)
            std::make_shared<Session>(std::move(socket), live_, sessions_)->start();
        accept();
    });
}

namespace {

/// A connection to a process that serves its live tables. The destructor closes it.
class Connection {
  public:
    /// Connects to the process with this directory. Returns nullptr if the process has ended, or does not
    /// serve requests.
    static std::shared_ptr<Connection> open(const fs::path& path) {
        const base::File folder(path, base::File::Mode::read);
        auto connection = std::shared_ptr<Connection>(new Connection);
        ::sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
        const std::string place = socket_path(folder);
        std::memcpy(address.sun_path, place.c_str(), place.size() + 1);
        const int result =
            ::connect(connection->fd_, reinterpret_cast<const ::sockaddr*>(&address), sizeof(address));
        return result == 0 ? connection : nullptr;
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() { ::close(fd_); }

    /// Sends a request and returns the response. Throws Error if there is no response in time.
    [[nodiscard]] json::object send_request(const json::object& request) const {
        send(json::serialize(request) + "\n");
        std::string answer;
        std::array<char, 64 << 10> piece{};
        while (!answer.ends_with('\n')) {
            const ssize_t got = ::recv(fd_, piece.data(), piece.size(), 0);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0 || answer.size() > max_answer_bytes)
                throw Error("requesting live.*", "there is no response");
            answer.append(piece.data(), static_cast<std::size_t>(got));
        }
        return base::parse_json(answer, "the answer").as_object();
    }

  private:
    Connection() : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        if (fd_ < 0) throw system_error("creating a socket", errno);
        const ::timeval timeout{.tv_sec = answer_timeout_s, .tv_usec = 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
        ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    }
    void send(std::string_view text) const {
        while (!text.empty()) {
            const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent < 0 && errno == EINTR) continue;
            if (sent <= 0) throw Error("requesting live.*", "there is no response");
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    int fd_;
};

/// The response of the processes that run on a data directory.
struct Answer {
    json::object tables;                     ///< tables of the best response
    bool gold = false;                       ///< whether that process runs Gold
    std::shared_ptr<Connection> connection;  ///< nullptr if no process responded
    std::string why_not{};                   ///< the reason if no process responded
};

Answer request_from_all(const catalog::DataDirectory& data, std::string_view query) {
    Answer best{.tables = {}, .connection = nullptr};
    best.why_not = fmt::format("none runs on {}", data.root().string());
    std::error_code ignored;
    for (fs::directory_iterator entry(data.live(), ignored), end; !ignored && entry != end;
         entry.increment(ignored)) {
        try {
            auto connection = Connection::open(entry->path());
            if (!connection) continue;
            auto answer = connection->send_request({{"query", query}});
            const bool gold = answer.at("gold").as_bool();
            if (best.connection && !gold) continue;
            best = {.tables = answer.at("tables").as_object(), .gold = gold, .connection = connection};
        } catch (const std::exception& error) {
            best.why_not =
                fmt::format("the one on {} does not respond: {}", data.root().string(), error.what());
        }
    }
    return best;
}

}  // namespace

std::vector<serve::SqlView> views_of_running(const catalog::DataDirectory& data, std::string_view query) {
    auto views = SqlViews(data).views();
    serve::SqlView silver = LiveSilver::listed(*std::ranges::find(views, "silver", &serve::SqlView::name));
    const auto live = add_live_views(views);
    const auto is_used = [&](const auto& each) { return serve::mentions(query, *each.second); };
    if (std::ranges::none_of(live, is_used) && !uses_live_silver(query)) {
        views.push_back(std::move(silver));
        return views;
    }
    const Answer answer = request_from_all(data, query);
    if (const auto* files = answer.tables.if_contains("silver")) {
        silver.files = files_of(files->as_array());
        silver.lease = answer.connection;
    }
    for (const auto& [table, view] : live) {
        const std::string_view name = gold::table_name(table);
        if (!answer.connection) {
            view->unavailable = fmt::format(
                "live.{} includes the open windows of a running pipeline, but {}. Start `millrace run` "
                "with its HTTP port, or query gold.{}, which has the closed windows",
                name, answer.why_not, name);
        } else if (const auto* files = answer.tables.if_contains(name)) {
            view->files = files_of(files->as_array());
            view->lease = answer.connection;
        }
    }
    views.push_back(std::move(silver));
    return views;
}

}  // namespace millrace::api
