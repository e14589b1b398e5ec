#include "serve/http.h"

#include <openssl/evp.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/url.hpp>

#include "base/json.h"

namespace millrace::serve {

namespace {

constexpr std::string_view basic = "Basic ";
constexpr std::string_view bearer = "Bearer ";

bool has_scheme(std::string_view authorization, std::string_view scheme) {
    return boost::beast::iequals(authorization.substr(0, scheme.size()), scheme);
}

}  // namespace

HttpResponse problem(unsigned status, std::string_view detail, std::string_view remedy) {
    const boost::beast::string_view title =
        boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
    base::json::object body{{"type", "about:blank"},
                            {"title", std::string_view(title.data(), title.size())},
                            {"status", status},
                            {"detail", detail},
                            {"error", detail}};
    if (!remedy.empty()) body["remedy"] = body["next"] = remedy;
    return {.status = status,
            .content_type = "application/problem+json",
            .body = base::json::serialize(body) + "\n"};
}

bool split_target(std::string_view target, HttpRequest& request) {
    namespace urls = boost::urls;
    const auto parsed = urls::parse_origin_form({target.data(), target.size()});
    if (!parsed) return false;
    request.path = parsed->path();
    request.query_text = parsed->encoded_query();
    for (const auto& parameter : parsed->params()) {
        if (parameter.key.empty()) continue;  // a lone question mark gives an empty key
        request.query.insert_or_assign(std::string(parameter.key), std::string(parameter.value));
    }
    return true;
}

std::string forwarded_address(std::string_view header) {
    std::string_view last = header.substr(header.rfind(',') + 1);
    last.remove_prefix(std::min(last.find_first_not_of(" \t\""), last.size()));
    last = last.substr(0, last.find_last_not_of(" \t\"") + 1);
    if (last.starts_with('[')) {
        last = last.substr(1, last.find(']') - 1);
    } else if (std::ranges::count(last, ':') == 1) {
        last = last.substr(0, last.find(':'));
    }
    boost::system::error_code none;
    const auto address = boost::asio::ip::make_address(last, none);
    return none ? std::string() : address.to_string();
}

bool has_basic_credentials(const HttpRequest& request) {
    return has_scheme(request.header("authorization"), basic);
}

std::string credentials(const HttpRequest& request) {
    const std::string_view given = request.header("authorization");
    if (has_scheme(given, bearer)) return std::string(given.substr(bearer.size()));
    if (!has_scheme(given, basic)) return {};
    const std::string_view coded = given.substr(basic.size());
    std::string decoded(coded.size() / 4 * 3 + 3, '\0');
    const int size =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(decoded.data()),
                        reinterpret_cast<const unsigned char*>(coded.data()), static_cast<int>(coded.size()));
    if (size < 0) return {};
    decoded.resize(static_cast<std::size_t>(size));
    return decoded.substr(0, decoded.find('\0'));  // the padding adds zero bytes
}

}  // namespace millrace::serve
