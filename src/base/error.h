#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace millrace {

/// A fault outside the program's control, such as an I/O error, a corrupt file or a bad option. A bad event
/// is data, not an Error. Code catches an Error only where it can continue without the failed action; main()
/// prints any other Error and exits with its exit_code().
class Error : public std::runtime_error {
  public:
    /// Decides the process's exit code.
    enum class Kind {
        check = 1,  ///< a check the user asked for failed
        usage = 2,  ///< a wrong option, configuration or request
        fault = 3,  ///< I/O, corruption, an unreachable service
    };

    /// `doing` names the action and its object, `cause` says what went wrong, and `remedy` says what the user
    /// can do next.
    Error(std::string_view doing, std::string_view cause, std::string_view remedy = {},
          Kind kind = Kind::fault);

    [[nodiscard]] Kind kind() const { return kind_; }
    [[nodiscard]] int exit_code() const { return static_cast<int>(kind_); }

  private:
    Kind kind_;
};

/// Returns an Error for a wrong option, configuration or request (exit code 2).
[[nodiscard]] Error usage_error(std::string_view doing, std::string_view cause, std::string_view remedy = {});

/// Returns a usage Error of one sentence that also names what was wrong: "--port must be a number, not x".
[[nodiscard]] Error usage_error(std::string_view sentence);

/// Returns an Error for a system call that failed with `error_number` (an errno value). A full disk, missing
/// permissions and too many open files each get a remedy.
[[nodiscard]] Error system_error(std::string_view doing, int error_number);

}  // namespace millrace
