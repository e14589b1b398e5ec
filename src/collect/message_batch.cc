#include "collect/message_batch.h"

#include <fmt/format.h>

#include "collect/bad_body.h"
#include "collect/json_text.h"

namespace millrace::collect {

namespace {

constexpr std::string_view write_key_member = "writeKey";

/// Calls `take(name, value, text)` for each member of the object at `from`: its name between the quotes, its
/// value, and both. Returns what is wrong, or an empty view.
template <typename Take>
std::string_view each_member(std::string_view body, std::size_t from, const Take& take) {
    constexpr auto npos = std::string_view::npos;
    const std::string_view no_end = "the object has no end";
    std::size_t at = skip_blanks(body, from + 1);
    if (at < body.size() && body[at] == '}') return {};
    for (;;) {
        if (at == body.size()) return no_end;
        if (body[at] != '"') return "expected the name of a member";
        const std::size_t begin = at;
        at = end_of_string(body, at);
        if (at == npos) return no_end;
        const std::string_view name = body.substr(begin + 1, at - begin - 2);
        at = skip_blanks(body, at);
        if (at == body.size() || body[at] != ':') return "expected a colon after the name of a member";
        at = skip_blanks(body, at + 1);
        const std::size_t end = end_of_value(body, at);
        if (end == npos) return no_end;
        take(name, body.substr(at, end - at), body.substr(begin, end - begin));
        at = skip_blanks(body, end);
        if (at == body.size()) return no_end;
        if (body[at] == '}') return skip_blanks(body, at + 1) == body.size() ? "" : "there is more after it";
        if (body[at] != ',') return "expected a comma or the end of the object";
        at = skip_blanks(body, at + 1);
    }
}

std::string_view without_quotes(std::string_view text) {
    return text.starts_with('"') ? text.substr(1, text.size() - 2) : std::string_view();
}

}  // namespace

MessageBatch open_batch(std::string_view body, std::string_view member) {
    const std::size_t begin = begin_of_json(body);
    MessageBatch batch;
    if (begin < body.size() && body[begin] == '[') {
        batch.messages = body.substr(begin);
        return batch;
    }
    const std::string advice = fmt::format("Send one JSON object with an array {}.", member);
    if (begin == body.size() || body[begin] != '{') throw BadBody("it is not a JSON object", advice);
    std::size_t arrays = 0;
    const auto fault = each_member(body, begin, [&](auto name, auto value, auto text) {
        if (name == member) {
            batch.messages = value;
            ++arrays;
        } else if (name == write_key_member) {
            batch.write_key = without_quotes(value);
        } else {
            batch.shared += batch.shared.empty() ? '{' : ',';
            batch.shared += text;
        }
    });
    if (!fault.empty()) throw BadBody(fmt::format("it is not JSON: {}", fault), advice);
    if (arrays > 1) throw BadBody(fmt::format("it has more than one member {}", member), advice);
    if (!batch.messages.starts_with('[')) throw BadBody(fmt::format("it has no array {}", member), advice);
    if (!batch.shared.empty()) batch.shared += '}';
    return batch;
}

std::string_view text_member(std::string_view body, std::string_view name) {
    const std::size_t begin = begin_of_json(body);
    std::string_view found;
    if (begin == body.size() || body[begin] != '{') return found;
    (void)each_member(body, begin, [&](auto each, auto value, auto) {
        if (each == name) found = without_quotes(value);
    });
    return found;
}

}  // namespace millrace::collect
