#include "serve/http.h"

#include <openssl/evp.h>

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
    for (const auto& parameter : parsed->params()) {
        if (parameter.key.empty()) continue;  // as of a lone question mark
        request.query.insert_or_assign(std::string(parameter.key), std::string(parameter.value));
    }
    return true;
}

std::string credentials(const HttpRequest& request) {
    const std::string_view given = request.header("authorization");
    if (given.starts_with("Bearer ")) return std::string(given.substr(7));
    if (!given.starts_with("Basic ")) return {};
    const std::string_view coded = given.substr(6);
    std::string decoded(coded.size() / 4 * 3 + 3, '\0');
    const int size =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(decoded.data()),
                        reinterpret_cast<const unsigned char*>(coded.data()), static_cast<int>(coded.size()));
    if (size < 0) return {};
    decoded.resize(static_cast<std::size_t>(size));
    return decoded.substr(0, decoded.find('\0'));  // the padding's bytes
}

}  // namespace millrace::serve
