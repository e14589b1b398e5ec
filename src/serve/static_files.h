#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "serve/http.h"

namespace millrace::serve {

/// The files of a folder, read once: a request can name those and no others.
class StaticFiles {
  public:
    /// Files whose names have a hash in them (those under `assets/`) may be kept by browsers for ever.
    explicit StaticFiles(const std::filesystem::path& folder);

    [[nodiscard]] bool empty() const { return files_.empty(); }
    /// `/` is index.html; 304 for what the client has already, 404 for what isn't there.
    [[nodiscard]] HttpResponse answer(const HttpRequest& request) const;

  private:
    struct File {
        std::string content;
        std::string type;
        std::string tag;  // an ETag
    };

    std::map<std::string, File, std::less<>> files_;  // by path from the folder, with a slash before it
};

/// What a page of ours may do: load from this server, and nothing inline but what its styles need.
inline constexpr const char* content_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

}  // namespace millrace::serve
