#include "serve/static_files.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <array>

#include "base/file.h"

namespace millrace::serve {

namespace {

std::string type_of(const std::filesystem::path& path) {
    constexpr std::array<std::pair<std::string_view, const char*>, 10> types = {{
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".json", "application/json"},
        {".woff2", "font/woff2"},
        {".map", "application/json"},
        {".yaml", "application/yaml"},
    }};
    for (const auto& [extension, type] : types) {
        if (path.extension() == extension) return type;
    }
    return "application/octet-stream";
}

}  // namespace

StaticFiles::StaticFiles(const std::filesystem::path& folder) {
    if (!std::filesystem::is_directory(folder)) return;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file()) continue;
        File file{.content = base::read_file(entry.path()), .type = type_of(entry.path()), .tag = {}};
        file.tag = fmt::format("\"{:016x}\"", XXH3_64bits(file.content.data(), file.content.size()));
        files_.emplace("/" + entry.path().lexically_relative(folder).generic_string(), std::move(file));
    }
}

HttpResponse StaticFiles::answer(const HttpRequest& request) const {
    std::string path = request.path;
    if (path.ends_with('/')) path += "index.html";
    const auto found = files_.find(path);
    if (found == files_.end()) return problem(404, "there is nothing at this path");
    const File& file = found->second;
    HttpResponse response{.content_type = file.type};
    response.headers = {
        {"ETag", file.tag},
        {"Cache-Control",
         path.find("/assets/") != std::string::npos ? "public, max-age=31536000, immutable" : "no-cache"},
        {"Content-Security-Policy", content_security_policy},
        {"Referrer-Policy", "same-origin"},
        {"X-Frame-Options", "DENY"}};
    if (request.header("if-none-match") == file.tag) {
        response.status = 304;
    } else {
        response.body = file.content;
    }
    return response;
}

}  // namespace millrace::serve
