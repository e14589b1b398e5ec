#include "serve/connection_table.h"

#include <algorithm>

namespace millrace::serve {

ConnectionTable::Admission ConnectionTable::admit(const std::shared_ptr<Connection>& connection) {
    const std::string& address = connection->address();
    const bool unlimited =
        std::ranges::find(limits_.unlimited_addresses, address) != limits_.unlimited_addresses.end();
    const auto found = per_address_.find(address);
    const std::size_t of_address = found == per_address_.end() ? 0 : found->second;
    if (!unlimited && of_address >= limits_.per_address && !evict_idle(address))
        return Admission::too_many_of_address;
    if (connections_.size() >= limits_.connections && !evict_idle({})) return Admission::too_many;
    ++per_address_[address];
    connections_.insert(connection);
    size_ = static_cast<std::int64_t>(connections_.size());
    return Admission::admitted;
}

/// Closes the connection that has been idle for the longest time, of this address unless that is empty.
/// Returns false when none is idle. A closed connection stays in the table until it is removed.
bool ConnectionTable::evict_idle(std::string_view address) {
    std::shared_ptr<Connection> longest;
    for (const auto& each : connections_) {
        if (each->is_busy() || (!address.empty() && each->address() != address)) continue;
        if (!longest || each->idle_since() < longest->idle_since()) longest = each;
    }
    if (!longest) return false;
    ++evicted_;
    longest->note_busy();  // so that it is not chosen again
    longest->close();
    return true;
}

void ConnectionTable::remove(const std::shared_ptr<Connection>& connection) {
    connections_.erase(connection);
    size_ = static_cast<std::int64_t>(connections_.size());
    const auto found = per_address_.find(connection->address());
    if (--found->second == 0) per_address_.erase(found);
}

void ConnectionTable::end_all() {
    for (const auto& each : connections_) each->end();
}

}  // namespace millrace::serve
