#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "serve/http.h"

namespace millrace::serve {

/// The files of a folder, which are read once. A request can get these files and no others. Thread-safe.
class StaticFiles {
  public:
    /// Files under `assets/` have a hash in their names, so browsers may cache them forever.
    explicit StaticFiles(const std::filesystem::path& folder);

    [[nodiscard]] bool empty() const { return files_.empty(); }
    /// Returns the file of a request. `/` is index.html. Responds with 304 if the client has the current
    /// file, and with 404 if there is no such file.
    [[nodiscard]] HttpResponse answer(const HttpRequest& request) const;

  private:
    struct File {
        std::string content;
        std::string type;
        std::string tag;  // the file's ETag
    };

    std::map<std::string, File, std::less<>> files_;  // by path relative to the folder, with a leading slash
};

/// The Content-Security-Policy of the pages: they load only from this server, and run no inline code.
inline constexpr const char* content_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

}  // namespace millrace::serve
