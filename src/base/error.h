#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace millrace {

/// A fault: something outside the program's control went wrong (I/O, a corrupt file, a bad option).
/// A bad event is data, not an Error. Thrown anywhere, caught in a stage's runner and in main().
class Error : public std::runtime_error {
  public:
    /// Decides the process's exit code.
    enum class Kind {
        check = 1,  ///< a check the user asked for failed
        usage = 2,  ///< a wrong option, configuration or request
        fault = 3,  ///< I/O, corruption, an unreachable service
    };

    /// `doing` says what was being done and to what, `cause` what went wrong, `remedy` what the user can do
    /// next.
    Error(std::string_view doing, std::string_view cause, std::string_view remedy = {},
          Kind kind = Kind::fault);

    [[nodiscard]] Kind kind() const { return kind_; }
    [[nodiscard]] int exit_code() const { return static_cast<int>(kind_); }

  private:
    Kind kind_;
};

/// An Error for a wrong option, configuration or request (exit code 2).
[[nodiscard]] Error usage_error(std::string_view doing, std::string_view cause, std::string_view remedy = {});

/// The same in one sentence, which names what was wrong itself: "--port must be a number, not x".
[[nodiscard]] Error usage_error(std::string_view sentence);

/// An Error for the system call that just failed, described by `errno`. A full disk gets its own remedy.
[[nodiscard]] Error system_error(std::string_view doing, int error_number);

}  // namespace millrace
