#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http.h"

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

    /// A new session's id; nothing for a wrong password, or after too many of them.
    std::optional<std::string> login(std::string_view name, std::string_view password,
                                     std::string_view address);
    void logout(const HttpRequest& request);

    /// The cookie of a session, or the one that ends it.
    static std::string cookie(std::string_view session, bool secure);

  private:
    struct Session {
        Role role = Role::none;
        std::int64_t until_ms = 0;
    };

    [[nodiscard]] Role role_of_session(const HttpRequest& request) const;
    Role check_limited(std::string_view name, std::string_view secret, std::string_view address);

    const AccessList list_;
    mutable std::mutex mutex_;
    std::map<std::string, Session, std::less<>> sessions_;  // guarded by mutex_; by a hash of their id
    std::map<std::string, Role, std::less<>> tokens_;       // likewise; that were checked
    std::map<std::string, std::vector<std::int64_t>, std::less<>> failures_;  // likewise; by address and name
};

/// Whether a request that changes something comes from a page of this server, or from no page at all.
bool is_same_site(const HttpRequest& request);
/// Whether the request names this machine: a page elsewhere can't make its name mean this one (DNS
/// rebinding).
bool names_this_machine(const HttpRequest& request);

}  // namespace millrace::serve
