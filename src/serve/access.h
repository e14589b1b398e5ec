#pragma once

#include <atomic>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "serve/http.h"
#include "serve/login_limiter.h"

namespace millrace::serve {

/// The permission of a user: to read, or also to change things (replay, silence).
enum class Role { none, read, admin };
std::string_view role_name(Role role);

/// The list of users in a file: names, each with a password or a token. Only scrypt's hash of it is stored.
/// Not thread-safe.
class AccessList {
  public:
    struct Entry {
        std::string name;
        Role role = Role::read;
        std::string salt;  ///< hexadecimal
        std::string hash;  ///< hexadecimal
    };

    /// Loads the list. An absent file gives an empty list. Throws an Error if the file has a newer format.
    static AccessList load(const std::filesystem::path& file);
    /// Saves the list. Must not run while other threads create files, because it changes the umask.
    void save(const std::filesystem::path& file) const;

    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
    [[nodiscard]] bool has(std::string_view name) const;
    /// Adds an entry, or changes the secret and role of an existing entry.
    void put(const std::string& name, Role role, std::string_view secret);
    /// Removes an entry. Returns false if there is no entry of that name.
    bool remove(std::string_view name);
    /// Returns the role of a name if the secret is right, or none. Takes about 50 ms, whether the name exists
    /// or not.
    [[nodiscard]] Role check(std::string_view name, std::string_view secret) const;

  private:
    std::vector<Entry> entries_;
};

/// Decides what a request may do, by the cookie of a session or by a token (`Authorization: Bearer
/// NAME:SECRET`, or Basic). With an empty list, every request may do everything. Thread-safe.
class Access {
  public:
    explicit Access(AccessList list) : list_(std::move(list)) {}

    [[nodiscard]] bool is_open() const { return list_.entries().empty(); }
    /// Returns the role of a request. May take as long as AccessList::check() if the token is seen for the
    /// first time.
    /// first time.
    [[nodiscard]] Role role_of(const HttpRequest& request);
    /// Returns whether role_of() is quick for this request.
    [[nodiscard]] bool knows(const HttpRequest& request) const;
    /// Returns whether the secret of a request or a login may be checked now (LoginLimiter). If not, the
    /// secret counts as wrong, and the caller must not call role_of() or login().
    [[nodiscard]] bool may_check(const HttpRequest& request);
    [[nodiscard]] bool may_check(std::string_view name, std::string_view address);

    /// Returns the id of a new session, or nullopt if the password is wrong. Takes as long as
    /// AccessList::check(). A name has at most 100 sessions: a new one ends the oldest.
    std::optional<std::string> login(std::string_view name, std::string_view password,
                                     std::string_view address);
    void logout(const HttpRequest& request);

    struct Counts {
        std::atomic<std::int64_t> wrong = 0;  ///< number of wrong secrets
        /// Number of secrets that were not checked because there had been too many wrong ones.
        std::atomic<std::int64_t> limited = 0;
    };
    [[nodiscard]] const Counts& counts() const { return counts_; }

    /// Returns the Set-Cookie value of a session. An empty session gives a value that removes the cookie.
    static std::string cookie(std::string_view session, bool secure);

  private:
    struct Session {
        std::string name;
        Role role = Role::none;
        base::SteadyTime until;
    };

    [[nodiscard]] Role role_of_session(const HttpRequest& request) const;
    Role check(std::string_view name, std::string_view secret, std::string_view address);
    void make_room_for(std::string_view name, base::SteadyTime now) MILLRACE_REQUIRES(mutex_);

    const AccessList list_;
    mutable base::Mutex mutex_;
    // The sessions, by a hash of their ids.
    std::map<std::string, Session, std::less<>> sessions_ MILLRACE_GUARDED_BY(mutex_);
    // The roles of checked tokens, by a hash of the token.
    std::map<std::string, Role, std::less<>> tokens_ MILLRACE_GUARDED_BY(mutex_);
    LoginLimiter limiter_;
    Counts counts_;
};

/// Returns whether a request comes from a page of this server, or from no page. Requests that change
/// something must.
bool is_same_site(const HttpRequest& request);
/// Returns whether the request's Host names this machine. The check prevents that a page from elsewhere
/// accesses this server through a name that resolves to this machine (DNS rebinding).
bool names_this_machine(const HttpRequest& request);

}  // namespace millrace::serve
