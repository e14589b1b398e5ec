#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::collect {

/// What another collector's request says, in Millrace's events.
struct Translation {
    std::string events;        ///< a JSON array of them
    std::int64_t ignored = 0;  ///< messages that are no events, such as who a user is
};

/// Writes events one after the other: a small request can name a long text once and have it in many.
class EventArray {
  public:
    /// More bytes than that are too large a body.
    explicit EventArray(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    /// Throws LargeBody.
    void add(const boost::json::object& event);
    /// The JSON array; nothing can be added after that.
    [[nodiscard]] std::string take();

  private:
    const std::size_t max_bytes_;
    std::string text_ = "[";
};

/// A member of a JSON object, or nothing where it, or what it should be in, is absent or null.
const boost::json::value* find(const boost::json::value* in, std::string_view name);
/// The first that isn't nothing.
template <typename... Rest>
const boost::json::value* first_of(const boost::json::value* one, Rest... rest) {
    if constexpr (sizeof...(rest) == 0) {
        return one;
    } else {
        return one != nullptr ? one : first_of(rest...);
    }
}

/// Sets a field of an event, unless there is nothing to set. A number becomes a text where ids are texts.
void set(boost::json::object& event, std::string_view field, const boost::json::value* value);
void set_text(boost::json::object& event, std::string_view field, const boost::json::value* value);
/// Likewise a price or quantity, which some senders put into a text.
void set_number(boost::json::object& event, std::string_view field, const boost::json::value* value);

/// An event type of a name for people: lower case, with `_` for what types can't have.
std::string type_of(std::string_view name);

/// The request's body. Throws BadBody when it is no JSON object.
boost::json::value parse_object(std::string_view body);

}  // namespace millrace::collect
