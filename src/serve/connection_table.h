#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::serve {

/// A connection of a client, as far as the table of all connections knows it.
class Connection {
  public:
    explicit Connection(std::string address) : address_(std::move(address)) {}
    virtual ~Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    [[nodiscard]] const std::string& address() const { return address_; }
    [[nodiscard]] bool is_busy() const { return busy_; }
    [[nodiscard]] std::chrono::steady_clock::time_point idle_since() const { return idle_since_; }

    /// The connection has a request or a feed, or is being closed.
    void note_busy() { busy_ = true; }
    /// The connection waits for the next request.
    void note_idle() {
        busy_ = false;
        idle_since_ = std::chrono::steady_clock::now();
    }
    /// Closes the socket at once.
    virtual void close() = 0;
    /// Ends the connection as soon as its request is answered; a feed ends at once.
    virtual void end() = 0;

  private:
    const std::string address_;
    bool busy_ = true;
    std::chrono::steady_clock::time_point idle_since_;
};

/// The connections of a server. It admits a new one while there is room, in all and for its address; where
/// there is none, it closes the one that has been idle for the longest time. For one thread, but for size().
class ConnectionTable {
  public:
    struct Limits {
        std::size_t connections = 0;
        std::size_t per_address = 0;
        std::vector<std::string> unlimited_addresses;  ///< may have all connections
    };
    enum class Admission { admitted, too_many, too_many_of_address };

    explicit ConnectionTable(Limits limits) : limits_(std::move(limits)) {}

    /// Adds the connection unless there is no room.
    Admission admit(const std::shared_ptr<Connection>& connection);
    void remove(const std::shared_ptr<Connection>& connection);
    /// Calls Connection::end() for all.
    void end_all();

    [[nodiscard]] bool is_empty() const { return connections_.empty(); }
    /// How many connections there are. Thread-safe.
    [[nodiscard]] std::int64_t size() const { return size_; }
    [[nodiscard]] std::size_t max_size() const { return limits_.connections; }
    /// How many idle connections were closed for new ones. Thread-safe.
    [[nodiscard]] std::int64_t evicted() const { return evicted_; }

  private:
    bool evict_idle(std::string_view address);

    const Limits limits_;
    std::set<std::shared_ptr<Connection>> connections_;
    std::map<std::string, std::size_t> per_address_;
    std::atomic<std::int64_t> size_ = 0;
    std::atomic<std::int64_t> evicted_ = 0;
};

}  // namespace millrace::serve
