// Decodes any bytes. The decoder must not crash, must not accept what a second parser refuses, and must not
// refuse as invalid JSON what the second parser accepts.
#include <boost/json.hpp>
#include <cstdlib>
#include <string>

#include "bronze/record.h"
#include "silver/check.h"
#include "silver/decoder.h"

using millrace::model::ValidationRule;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static millrace::silver::Decoder decoder;
    static const millrace::model::RuleOptions options;
    static millrace::silver::EventTypes types(100);
    static millrace::silver::Checker checker(options, types);
    std::string text(reinterpret_cast<const char*>(data), size);
    text.append(millrace::bronze::record_padding, '\0');
    millrace::model::Event event;
    const auto verdict = decoder.decode(std::string_view(text).substr(0, size), event);
    // White space at the beginning keeps a record off the fast path, so that the parser decodes it.
    static millrace::silver::Decoder parser;
    const std::string spaced = "\n" + text;
    millrace::model::Event parsed_event;
    const auto parser_verdict = parser.decode(std::string_view(spaced).substr(0, size + 1), parsed_event);
    if (verdict.ok() != parser_verdict.ok()) std::abort();
    if (verdict.ok() && (event.event_id != parsed_event.event_id || event.price != parsed_event.price ||
                         event.page_url != parsed_event.page_url || event.quantity != parsed_event.quantity))
        std::abort();
    boost::system::error_code error;
    boost::json::parse_options depth;
    depth.max_depth = 4096;
    const auto parsed = boost::json::parse(std::string_view(text).substr(0, size), error, {}, depth);
    if (verdict.ok()) {
        if (error || !parsed.is_object()) std::abort();
        if (event.event_id != parsed.at("event_id").as_string()) std::abort();
        checker.check(event, millrace::base::from_ms(1'569'888'000'000));
    } else if (verdict.rule == ValidationRule::bad_json && !error) {
        // Boost accepts numbers outside of a double's range, which the rules refuse.
        if (text.find_first_of("eE0123456789") == std::string::npos) std::abort();
    }
    return 0;
}
