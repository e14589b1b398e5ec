#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "api/live_view.h"

namespace millrace::api {

/// A Unix socket at which other processes of this user, such as `millrace sql`, request the files with the
/// open windows for a query. The socket is in the directory of the live view, which only this user can enter.
/// The files stay while the client is connected. The request and the response are one line of JSON each:
/// {"query"}, then {"gold": whether Gold runs here, "tables": {name: [{"path", "partition"}]}}.
class LiveSocket {
  public:
    /// Starts a thread that serves requests. If the socket cannot be created, logs a warning and serves
    /// nothing. `live` must outlive this object.
    explicit LiveSocket(LiveView& live);
    ~LiveSocket();
    LiveSocket(const LiveSocket&) = delete;
    LiveSocket& operator=(const LiveSocket&) = delete;

  private:
    using Protocol = boost::asio::local::stream_protocol;
    class Session;

    void listen();
    void accept();

    LiveView& live_;
    std::shared_ptr<int> sessions_ = std::make_shared<int>(0);  // number of sessions; used on thread_ only
    boost::asio::io_context context_;
    Protocol::acceptor acceptor_{context_};
    std::thread thread_;  // last, since it uses the other members
};

/// Returns all tables for a query of a process other than the pipeline: those of SqlViews, and live.*, which
/// also have the open windows of the `run` or `serve` process that works on the data directory. If there is
/// no such process, the live.* tables are unavailable and contain the reason.
std::vector<serve::SqlView> views_of_running(const catalog::DataDirectory& data, std::string_view query);

}  // namespace millrace::api
