#include "base/error.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

namespace millrace {

namespace {

std::string message(std::string_view doing, std::string_view cause, std::string_view remedy) {
    std::string text = doing.empty() ? std::string(cause) : fmt::format("{}: {}", doing, cause);
    if (!remedy.empty()) text += fmt::format(". {}", remedy);
    return text;
}

std::string_view remedy_for(int error_number) {
    switch (error_number) {
        case ENOSPC:
        case EDQUOT:
            return "Free some disk space and start again. Nothing that was acknowledged is lost.";
        case EACCES:
        case EPERM:
        case EROFS:
            return "Check the owner and the permissions of the path.";
        case EMFILE:
        case ENFILE:
            return "Raise the limit of open files (ulimit -n).";
        default:
            return {};
    }
}

}  // namespace

Error::Error(std::string_view doing, std::string_view cause, std::string_view remedy, Kind kind)
    : std::runtime_error(message(doing, cause, remedy)), kind_(kind) {}

Error usage_error(std::string_view doing, std::string_view cause, std::string_view remedy) {
    return {doing, cause, remedy, Error::Kind::usage};
}

Error usage_error(std::string_view sentence) {
    return usage_error({}, sentence);
}

Error system_error(std::string_view doing, int error_number) {
    return {doing, std::generic_category().message(error_number), remedy_for(error_number)};
}

}  // namespace millrace
