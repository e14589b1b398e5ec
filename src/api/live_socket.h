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

/// Tells other processes of this user, such as `millrace sql`, in which files a query finds what is open: at
/// a socket in the view's folder, which nobody else can enter. The files stay while the asker is connected.
/// One line of JSON each way: {"query"}, then {"gold": whether Gold runs here, "tables": {name: [{"path",
/// "partition"}]}}.
class LiveSocket {
  public:
    /// Where no socket can be made, a warning says so, and nobody is told anything.
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
    std::shared_ptr<int> sessions_ = std::make_shared<int>(0);  // used on thread_ only
    boost::asio::io_context context_;
    Protocol::acceptor acceptor_{context_};
    std::thread thread_;  // last
};

/// All tables for a query of a process other than the pipeline's: SqlViews' and, as live.*, Gold's with what
/// the `run` or `serve` that works on the data directory has open. Without one, live.* is unavailable and
/// says why.
std::vector<serve::SqlView> views_of_running(const catalog::DataDirectory& data, std::string_view query);

}  // namespace millrace::api
