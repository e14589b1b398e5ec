#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::collect {

/// A request of another collector's protocol, translated to Millrace's events.
struct Translation {
    std::string events;        ///< a JSON array of the events
    std::int64_t ignored = 0;  ///< number of messages that are not events, such as those that identify a user
};

/// Writes events into a JSON array. It has a size limit, because a small request can state a long text once
/// and use it in many events.
class EventArray {
  public:
    /// add() throws LargeBody for more than `max_bytes`.
    explicit EventArray(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    /// Adds an event. Throws LargeBody if the array becomes too large.
    void add(const boost::json::object& event);
    /// Returns the JSON array. Nothing can be added afterwards.
    [[nodiscard]] std::string take();

  private:
    const std::size_t max_bytes_;
    std::string text_ = "[";
};

/// Returns a member of a JSON object, or null if the member or the object is absent or null.
const boost::json::value* find(const boost::json::value* in, std::string_view name);
/// Returns the first argument that is not null, or null.
template <typename... Rest>
const boost::json::value* first_of(const boost::json::value* one, Rest... rest) {
    if constexpr (sizeof...(rest) == 0) {
        return one;
    } else {
        return one != nullptr ? one : first_of(rest...);
    }
}

/// These functions set a field of an event unless `value` is null. set_text() turns a number into a text, for
/// fields such as ids.
void set(boost::json::object& event, std::string_view field, const boost::json::value* value);
void set_text(boost::json::object& event, std::string_view field, const boost::json::value* value);
/// Sets a price or quantity. Turns a text into a number, because some senders use texts.
void set_number(boost::json::object& event, std::string_view field, const boost::json::value* value);

/// Returns an event type for a display name: in lower case, with `_` for characters that types cannot have.
std::string type_of(std::string_view name);

/// Parses a request's body. Throws BadBody if it is not a JSON object.
boost::json::value parse_object(std::string_view body);

}  // namespace millrace::collect
