#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace millrace::serve {

/// A connection of a client that sends any bytes. Reading gives up after half a minute.
class TestHttpClient {
  public:
    explicit TestHttpClient(const std::string& url) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        const ::timeval limit{.tv_sec = 30, .tv_usec = 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        ::sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port =
            htons(static_cast<std::uint16_t>(std::atoi(url.substr(url.rfind(':') + 1).c_str())));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        is_connected_ =
            ::connect(socket_, reinterpret_cast<const ::sockaddr*>(&address), sizeof address) == 0;
    }
    TestHttpClient(const TestHttpClient&) = delete;
    TestHttpClient& operator=(const TestHttpClient&) = delete;
    ~TestHttpClient() { ::close(socket_); }

    [[nodiscard]] bool is_connected() const { return is_connected_; }

    void send(std::string_view text) const {
        while (!text.empty()) {
            const auto sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;  // the server has closed the connection
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    /// Returns what the server sends up to and including `end`, or else all that it sends.
    std::string read_to(std::string_view end) {
        while (!received_.contains(end) && receive()) {
        }
        const auto found = received_.find(end);
        return take(found == std::string::npos ? received_.size() : found + end.size());
    }
    /// Returns what the server sends until it closes the connection.
    std::string read_rest() {
        while (receive()) {
        }
        return take(received_.size());
    }
    /// Returns a response with its body.
    std::string read_response() {
        std::string response = read_to("\r\n\r\n");
        constexpr std::string_view length = "Content-Length: ";
        const auto at = response.find(length);
        const std::size_t bytes =
            at == std::string::npos ? 0 : std::strtoul(response.c_str() + at + length.size(), nullptr, 10);
        while (received_.size() < bytes && receive()) {
        }
        return response + take(std::min(bytes, received_.size()));
    }

  private:
    bool receive() {
        char bytes[4096];
        const auto count = ::recv(socket_, bytes, sizeof bytes, 0);
        if (count > 0) received_.append(bytes, static_cast<std::size_t>(count));
        EXPECT_FALSE(count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) << "the server sent nothing";
        return count > 0;
    }
    std::string take(std::size_t bytes) {
        std::string taken = received_.substr(0, bytes);
        received_.erase(0, bytes);
        return taken;
    }

    const int socket_;
    bool is_connected_ = false;
    std::string received_;
};

}  // namespace millrace::serve
