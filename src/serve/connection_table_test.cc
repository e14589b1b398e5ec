#include "serve/connection_table.h"

#include <gtest/gtest.h>

namespace millrace::serve {
namespace {

using Admission = ConnectionTable::Admission;

class FakeConnection : public Connection {
  public:
    using Connection::Connection;
    void close() override { closed = true; }
    void end() override { ended = true; }

    bool closed = false;
    bool ended = false;
};

std::shared_ptr<FakeConnection> connect_from(const std::string& address) {
    return std::make_shared<FakeConnection>(address);
}

TEST(ConnectionTable, ClosesTheConnectionThatWasIdleForTheLongestTime) {
    ConnectionTable table({.connections = 2, .per_address = 2, .unlimited_addresses = {}});
    const auto first = connect_from("a");
    const auto second = connect_from("b");
    EXPECT_EQ(table.admit(first), Admission::admitted);
    EXPECT_EQ(table.admit(second), Admission::admitted);
    EXPECT_EQ(table.admit(connect_from("c")), Admission::too_many);
    second->note_idle();
    first->note_idle();
    EXPECT_EQ(table.admit(connect_from("c")), Admission::admitted);
    EXPECT_TRUE(second->closed);
    EXPECT_FALSE(first->closed);
    EXPECT_EQ(table.evicted(), 1);
}

TEST(ConnectionTable, LimitsAnAddressToItsShare) {
    ConnectionTable table({.connections = 10, .per_address = 1, .unlimited_addresses = {"proxy"}});
    const auto other = connect_from("b");
    table.admit(other);
    other->note_idle();
    const auto first = connect_from("a");
    EXPECT_EQ(table.admit(first), Admission::admitted);
    EXPECT_EQ(table.admit(connect_from("a")), Admission::too_many_of_address);
    EXPECT_FALSE(other->closed);
    table.remove(first);
    EXPECT_EQ(table.admit(connect_from("a")), Admission::admitted);
    EXPECT_EQ(table.admit(connect_from("proxy")), Admission::admitted);
    EXPECT_EQ(table.admit(connect_from("proxy")), Admission::admitted);
    EXPECT_EQ(table.size(), 4);
}

TEST(ConnectionTable, EndsAll) {
    ConnectionTable table({.connections = 2, .per_address = 2, .unlimited_addresses = {}});
    const auto only = connect_from("a");
    table.admit(only);
    table.end_all();
    EXPECT_TRUE(only->ended);
    table.remove(only);
    EXPECT_TRUE(table.is_empty());
}

}  // namespace
}  // namespace millrace::serve
