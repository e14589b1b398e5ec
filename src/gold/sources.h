#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gold/operator.h"
#include "gold/state/money_archive.h"

namespace millrace::gold {

/// What a session counts for where it came from, in one currency.
struct SourcedSession {
    std::uint64_t user_hash = 0;
    std::vector<std::uint64_t> order_ids;  ///< hashes, which may repeat
    std::int64_t without_order_id = 0;     ///< purchases without an order_id
    bool converted = false;
    model::Money revenue = 0;
};

/// The figures of the sessions that began in one window and came from one place.
struct SourceFigures {
    std::int64_t sessions = 0;
    std::int64_t converted = 0;
    std::int64_t without_order_id = 0;
    model::Money revenue = 0;
    Distinct visitors;
    Distinct order_ids;

    void add(const SourcedSession& session);
    void add(const SourceFigures& other);
    template <class Archive>
    void serialize(Archive& archive) {
        archive(sessions, converted, without_order_id, visitors, order_ids);
        archive_money(archive, revenue);
    }
};

/// Where the shop's sessions came from, by the hour and the day in which they began. It is computed from
/// closed sessions, as the funnel is.
class Sources {
  public:
    Sources(const Strings& strings, const model::TimeZone& zone);

    /// Adds a session with this entry. Returns false if a window of its start is already closed.
    bool add(Timestamp session_start, StringId entry, StringId currency, const SourcedSession& session);
    /// Lets a user take the place of another one in the open windows.
    void move(const Distinct::Replacement& user);
    /// Writes the windows that end at or before `closed`, and drops them. No session that began in them may
    /// be open.
    void close(Timestamp closed, Output& output);
    /// Writes the open windows without closing them.
    void peek(Output& output) const;
    void mark(Marks& marks) const;

    template <class Archive>
    void serialize(Archive& archive) {
        for (Windows& windows : grains_) archive(windows);
    }

  private:
    using Windows = GroupedWindows<SourceFigures>;  // by entry and currency
    void write(Output& output, const Windows& windows, Window window, const Windows::Cells& cells) const;

    const Strings& strings_;
    std::array<Windows, 2> grains_;
};

}  // namespace millrace::gold
