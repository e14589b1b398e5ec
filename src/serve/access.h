#pragma once

#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http.h"
#include "serve/login_limiter.h"

namespace millrace::serve {

/// What someone may do: look, or change things too (replay, silence).
enum class Role { none, read, admin };
std::string_view role_name(Role role);

/// Who may look, kept in a file: names with a password or a token, of which only scrypt's hash is stored.
class AccessList {
  public:
    struct Entry {
        std::string name;
        Role role = Role::read;
        std::string salt;  ///< hexadecimal
        std::string hash;  ///< likewise
    };

    /// Throws an Error for a file of a newer format.
    static AccessList load(const std::filesystem::path& file);
    /// Not beside other threads that create files.
    void save(const std::filesystem::path& file) const;

    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
    [[nodiscard]] bool has(std::string_view name) const;
    /// Adds an entry, or gives it another secret and role.
    void put(const std::string& name, Role role, std::string_view secret);
    /// False when there is none of that name.
    bool remove(std::string_view name);
    /// The role of a name with that secret; none for a wrong one. Takes some 50 ms, found or not.
    [[nodiscard]] Role check(std::string_view name, std::string_view secret) const;

  private:
    std::vector<Entry> entries_;
};

/// Decides what a request may do: by a session's cookie, or a token (`Authorization: Bearer NAME:SECRET`, or
/// Basic). With an empty list all may do all. Thread-safe.
class Access {
  public:
    explicit Access(AccessList list) : list_(std::move(list)) {}

    [[nodiscard]] bool is_open() const { return list_.entries().empty(); }
    /// May take as long as AccessList::check(), the first time that a token comes.
    [[nodiscard]] Role role_of(const HttpRequest& request);
    /// Whether the next call for this request is quick.
    [[nodiscard]] bool knows(const HttpRequest& request) const;
    /// Whether the secret that a request shows, or a login brings, may be checked now (LoginLimiter); if not,
    /// it counts as wrong, and none of the calls that take their time is made.
    [[nodiscard]] bool may_check(const HttpRequest& request);
    [[nodiscard]] bool may_check(std::string_view name, std::string_view address);

    /// A new session's id; nothing for a wrong password. Takes as long as AccessList::check(). A name has at
    /// most 100 sessions: a new one ends the oldest.
    std::optional<std::string> login(std::string_view name, std::string_view password,
                                     std::string_view address);
    void logout(const HttpRequest& request);

    struct Counts {
        std::atomic<std::int64_t> wrong = 0;  ///< secrets
        std::atomic<std::int64_t> limited =
            0;  ///< secrets that weren't checked: there were too many wrong ones
    };
    [[nodiscard]] const Counts& counts() const { return counts_; }

    /// The cookie of a session, or the one that ends it.
    static std::string cookie(std::string_view session, bool secure);

  private:
    struct Session {
        std::string name;
        Role role = Role::none;
        std::int64_t until_ms = 0;  ///< of base::monotonic_ms()
    };

    [[nodiscard]] Role role_of_session(const HttpRequest& request) const;
    Role check(std::string_view name, std::string_view secret, std::string_view address);
    void make_room_for(std::string_view name, std::int64_t now_ms);

    const AccessList list_;
    mutable std::mutex mutex_;
    std::map<std::string, Session, std::less<>> sessions_;  // guarded by mutex_; by a hash of their id
    std::map<std::string, Role, std::less<>> tokens_;       // likewise; that were checked
    LoginLimiter limiter_;
    Counts counts_;
};

/// Whether a request that changes something comes from a page of this server, or from no page at all.
bool is_same_site(const HttpRequest& request);
/// Whether the request names this machine: a page elsewhere can't make its name mean this one (DNS
/// rebinding).
bool names_this_machine(const HttpRequest& request);

}  // namespace millrace::serve
