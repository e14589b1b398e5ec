#include "serve/http.h"

#include <boost/url.hpp>

#include "base/json.h"

namespace millrace::serve {

HttpResponse problem(unsigned status, std::string_view error, std::string_view next) {
    base::json::object body{{"error", error}};
    if (!next.empty()) body["next"] = next;
    return {.status = status, .body = base::json::serialize(body) + "\n"};
}

bool split_target(std::string_view target, HttpRequest& request) {
    namespace urls = boost::urls;
    const auto parsed = urls::parse_origin_form({target.data(), target.size()});
    if (!parsed) return false;
    request.path = parsed->path();
    for (const auto& parameter : parsed->params())
        request.query.insert_or_assign(std::string(parameter.key), std::string(parameter.value));
    return true;
}

}  // namespace millrace::serve
