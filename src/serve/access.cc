#include "serve/access.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace millrace::serve {

namespace json = boost::json;

namespace {

constexpr int format = 1;
constexpr std::chrono::seconds session_length = std::chrono::hours(12);
constexpr std::size_t max_sessions = 100;  // limit for one name
constexpr std::size_t max_secret_bytes = 256;
constexpr std::string_view cookie_name = "millrace_session=";

std::string hexadecimal(const unsigned char* bytes, std::size_t size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += fmt::format("{:02x}", bytes[i]);
    return text;
}

std::string random_hexadecimal(std::size_t bytes) {
    std::vector<unsigned char> random(bytes);
    if (RAND_bytes(random.data(), static_cast<int>(bytes)) != 1)
        throw Error("creating a secret", "the system provided no random numbers");
    return hexadecimal(random.data(), bytes);
}

/// scrypt with N = 2^14, r = 8, p = 1, which takes 16 MiB: the parameters for interactive logins (RFC 7914).
std::string scrypt(std::string_view secret, std::string_view salt) {
    std::array<unsigned char, 32> hash{};
    constexpr std::uint64_t max_memory = std::uint64_t{64} << 20U;
    if (EVP_PBE_scrypt(secret.data(), secret.size(), reinterpret_cast<const unsigned char*>(salt.data()),
                       salt.size(), std::uint64_t{1} << 14U, 8, 1, max_memory, hash.data(), hash.size()) != 1)
        throw Error("hashing a secret", "scrypt failed", "There may be too little memory.");
    return hexadecimal(hash.data(), hash.size());
}

/// Returns the hash by which a secret is kept in memory once it was checked.
std::string fingerprint(std::string_view secret) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned size = 0;
    EVP_Digest(secret.data(), secret.size(), hash.data(), &size, EVP_sha256(), nullptr);
    return hexadecimal(hash.data(), size);
}

std::string session_of(const HttpRequest& request) {
    std::string_view cookies = request.header("cookie");
    const auto at = cookies.find(cookie_name);
    if (at == std::string_view::npos) return {};
    cookies.remove_prefix(at + cookie_name.size());
    return std::string(cookies.substr(0, cookies.find(';')));
}

Role role_of_name(std::string_view name) {
    return name == "admin" ? Role::admin : Role::read;
}

}  // namespace

std::string_view role_name(Role role) {
    constexpr std::array<std::string_view, 3> names = {"none", "read", "admin"};
    return names[static_cast<std::size_t>(role)];
}

AccessList AccessList::load(const std::filesystem::path& file) {
    AccessList list;
    const auto text = base::read_file_if_exists(file);
    if (!text) return list;
    const auto parsed = base::parse_json(*text, file.string()).as_object();
    if (base::integer_member(parsed, "format") > format)
        throw Error(fmt::format("reading {}", file.string()), "a newer version of millrace wrote it",
                    "Use that version.");
    for (const auto& each : parsed.at("entries").as_array()) {
        const auto& entry = each.as_object();
        list.entries_.push_back({base::string_member(entry, "name"),
                                 role_of_name(base::string_member(entry, "role")),
                                 base::string_member(entry, "salt"), base::string_member(entry, "hash")});
    }
    return list;
}

void AccessList::save(const std::filesystem::path& file) const {
    json::array entries;
    for (const Entry& entry : entries_)
        entries.push_back({{"name", entry.name},
                           {"role", role_name(entry.role)},
                           {"salt", entry.salt},
                           {"hash", entry.hash}});
    base::make_directory(file.parent_path());
    const ::mode_t before = ::umask(0077);  // only the owner can read the file, from the first moment
    base::replace_file(file, json::serialize(json::object{{"format", format}, {"entries", entries}}) + "\n");
    ::umask(before);
}

void AccessList::put(const std::string& name, Role role, std::string_view secret) {
    remove(name);
    Entry entry{.name = name, .role = role, .salt = random_hexadecimal(16), .hash = {}};
    entry.hash = scrypt(secret, entry.salt);
    entries_.push_back(std::move(entry));
}

bool AccessList::remove(std::string_view name) {
    return std::erase_if(entries_, [name](const Entry& entry) { return entry.name == name; }) > 0;
}

Role AccessList::check(std::string_view name, std::string_view secret) const {
    const auto entry = std::ranges::find(entries_, name, &Entry::name);
    const bool known = entry != entries_.end();
    const std::string hash = scrypt(secret, known ? std::string_view(entry->salt) : "no such name");
    if (!known || hash.size() != entry->hash.size()) return Role::none;
    return CRYPTO_memcmp(hash.data(), entry->hash.data(), hash.size()) == 0 ? entry->role : Role::none;
}

bool AccessList::has(std::string_view name) const {
    return std::ranges::find(entries_, name, &Entry::name) != entries_.end();
}

Role Access::check(std::string_view name, std::string_view secret, std::string_view address) {
    const bool too_long = name.size() > max_secret_bytes || secret.size() > max_secret_bytes;
    const Role role = too_long ? Role::none : list_.check(name, secret);
    if (role != Role::none) return role;
    ++counts_.wrong;
    if (list_.has(name)) limiter_.record_wrong(address, name, std::chrono::steady_clock::now());
    return Role::none;
}

bool Access::may_check(std::string_view name, std::string_view address) {
    const bool may = limiter_.may_check(address, name, list_.has(name), std::chrono::steady_clock::now());
    if (!may) ++counts_.limited;
    return may;
}

bool Access::may_check(const HttpRequest& request) {
    const std::string given = credentials(request);
    return may_check(std::string_view(given).substr(0, given.find(':')), request.address);
}

/// Returns the role of the request's session, or none if it has no valid session.
Role Access::role_of_session(const HttpRequest& request) const {
    const std::string session = session_of(request);
    if (session.empty()) return Role::none;
    const base::MutexLock lock(mutex_);
    const auto found = sessions_.find(fingerprint(session));
    const bool lasts = found != sessions_.end() && found->second.until > std::chrono::steady_clock::now();
    return lasts ? found->second.role : Role::none;
}

bool Access::knows(const HttpRequest& request) const {
    if (is_open() || role_of_session(request) != Role::none) return true;
    const std::string given = credentials(request);
    const base::MutexLock lock(mutex_);
    return given.empty() || tokens_.contains(fingerprint(given));
}

Role Access::role_of(const HttpRequest& request) {
    if (is_open()) return Role::admin;
    if (const Role role = role_of_session(request); role != Role::none) return role;
    const std::string given = credentials(request);
    if (given.empty()) return Role::none;
    const std::string token_hash = fingerprint(given);
    {
        const base::MutexLock lock(mutex_);
        if (const auto found = tokens_.find(token_hash); found != tokens_.end()) return found->second;
    }
    const std::string_view text = given;
    const auto colon = std::min(text.find(':'), text.size());
    const Role role =
        check(text.substr(0, colon), text.substr(std::min(colon + 1, text.size())), request.address);
    if (role == Role::none) return role;
    const base::MutexLock lock(mutex_);
    tokens_[token_hash] = role;
    return role;
}

std::optional<std::string> Access::login(std::string_view name, std::string_view password,
                                         std::string_view address) {
    const Role role = check(name, password, address);
    if (role == Role::none) return std::nullopt;
    std::string session = random_hexadecimal(32);
    const base::SteadyTime now = std::chrono::steady_clock::now();
    const base::MutexLock lock(mutex_);
    make_room_for(name, now);
    sessions_[fingerprint(session)] = {std::string(name), role, now + session_length};
    return session;
}

/// Removes expired sessions, and the oldest session of a name that has too many.
void Access::make_room_for(std::string_view name, base::SteadyTime now) {
    std::erase_if(sessions_, [now](const auto& each) { return each.second.until <= now; });
    auto oldest = sessions_.end();
    std::size_t count = 0;
    for (auto each = sessions_.begin(); each != sessions_.end(); ++each) {
        if (each->second.name != name) continue;
        ++count;
        if (oldest == sessions_.end() || each->second.until < oldest->second.until) oldest = each;
    }
    if (count >= max_sessions) sessions_.erase(oldest);
}

void Access::logout(const HttpRequest& request) {
    const base::MutexLock lock(mutex_);
    sessions_.erase(fingerprint(session_of(request)));
}

std::string Access::cookie(std::string_view session, bool secure) {
    return fmt::format("{}{}; Path=/; HttpOnly; SameSite=Strict{}{}", cookie_name, session,
                       secure ? "; Secure" : "",
                       session.empty() ? "; Max-Age=0" : fmt::format("; Max-Age={}", session_length.count()));
}

bool is_same_site(const HttpRequest& request) {
    const std::string_view site = request.header("sec-fetch-site");
    if (!site.empty() && site != "same-origin" && site != "none") return false;
    std::string_view origin = request.header("origin");
    if (origin.empty()) return true;
    const auto scheme = origin.find("://");
    if (scheme == std::string_view::npos) return false;
    return origin.substr(scheme + 3) == request.header("host");
}

bool names_this_machine(const HttpRequest& request) {
    const std::string_view host = request.header("host");
    if (host.empty()) return true;
    for (const std::string_view name : {"localhost", "127.0.0.1", "[::1]"}) {
        if (!host.starts_with(name)) continue;
        const std::string_view port = host.substr(name.size());
        return port.empty() || (port.front() == ':' && std::ranges::all_of(port.substr(1), [](char c) {
                                    return c >= '0' && c <= '9';
                                }));
    }
    return false;
}

}  // namespace millrace::serve
