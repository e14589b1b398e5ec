#include "serve/access.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/file.h"

namespace millrace::serve {
namespace {

constexpr std::string_view client_address = "192.0.2.1";

AccessList list_of_two() {
    AccessList list;
    list.put("ada", Role::admin, "a long secret");
    list.put("reader", Role::read, "another secret");
    return list;
}

HttpRequest request_with(const std::string& header, const std::string& value) {
    HttpRequest request;
    request.address = client_address;
    request.headers[header] = value;
    return request;
}

HttpRequest with_token(const std::string& token) {
    return request_with("authorization", "Bearer " + token);
}

HttpRequest with_session(const std::string& session) {
    const std::string cookie = Access::cookie(session, false);
    return request_with("cookie", cookie.substr(0, cookie.find(';')));
}

TEST(AccessList, GivesTheRoleOfARightSecretOnly) {
    const AccessList list = list_of_two();
    EXPECT_EQ(list.check("ada", "a long secret"), Role::admin);
    EXPECT_EQ(list.check("reader", "another secret"), Role::read);
    EXPECT_EQ(list.check("ada", "another secret"), Role::none);
    EXPECT_EQ(list.check("ada", ""), Role::none);
    EXPECT_EQ(list.check("nobody", "a long secret"), Role::none);
}

TEST(AccessList, AnEntryIsChangedByItsNameAndRemovedOnce) {
    AccessList list = list_of_two();
    list.put("ada", Role::read, "a new secret");
    EXPECT_EQ(list.entries().size(), 2U);
    EXPECT_EQ(list.check("ada", "a long secret"), Role::none);
    EXPECT_EQ(list.check("ada", "a new secret"), Role::read);
    EXPECT_TRUE(list.remove("ada"));
    EXPECT_FALSE(list.remove("ada"));
    EXPECT_FALSE(list.has("ada"));
}

TEST(AccessList, IsReadAsItWasSavedAndHoldsNoSecret) {
    const auto file = std::filesystem::temp_directory_path() /
                      ("millrace_access_test_" + std::to_string(::getpid()) + ".json");
    EXPECT_TRUE(AccessList::load(file).entries().empty()) << "there is no file yet";
    list_of_two().save(file);
    EXPECT_EQ(AccessList::load(file).check("ada", "a long secret"), Role::admin);
    const std::string content = base::read_file_if_exists(file).value();
    EXPECT_EQ(content.find("a long secret"), std::string::npos);
    EXPECT_EQ(std::filesystem::status(file).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    std::filesystem::remove(file);
}

TEST(Access, AnEmptyListLetsEveryRequestDoEverything) {
    Access access{AccessList()};
    EXPECT_TRUE(access.is_open());
    EXPECT_EQ(access.role_of(HttpRequest()), Role::admin);
}

TEST(Access, ARequestWithoutASecretHasNoRole) {
    Access access(list_of_two());
    EXPECT_EQ(access.role_of(HttpRequest()), Role::none);
    EXPECT_EQ(access.role_of(with_token("ada:wrong")), Role::none);
    EXPECT_EQ(access.role_of(with_token("ada")), Role::none);
    EXPECT_EQ(access.role_of(with_session("made up")), Role::none);
}

TEST(Access, ATokenIsQuickFromItsSecondUseOn) {
    Access access(list_of_two());
    const HttpRequest request = with_token("reader:another secret");
    EXPECT_FALSE(access.knows(request));
    EXPECT_EQ(access.role_of(request), Role::read);
    EXPECT_TRUE(access.knows(request));
    EXPECT_EQ(access.role_of(request), Role::read);
}

TEST(Access, ASessionLastsUntilLogout) {
    Access access(list_of_two());
    EXPECT_FALSE(access.login("ada", "wrong", client_address));
    const auto session = access.login("ada", "a long secret", client_address);
    ASSERT_TRUE(session);
    EXPECT_EQ(access.role_of(with_session(*session)), Role::admin);
    access.logout(with_session(*session));
    EXPECT_EQ(access.role_of(with_session(*session)), Role::none);
}

TEST(Access, AFollowingGuessIsNotCheckedAfterTenWrongSecrets) {
    Access access(list_of_two());
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(access.may_check("ada", client_address)) << i;
        EXPECT_FALSE(access.login("ada", "wrong", client_address));
    }
    EXPECT_FALSE(access.may_check("ada", client_address));
    EXPECT_TRUE(access.may_check("reader", "198.51.100.7")) << "others are not locked out by it";
    EXPECT_EQ(access.counts().wrong, 10);
}

TEST(Access, ACookieIsKeptFromScriptsAndOtherSites) {
    const std::string cookie = Access::cookie("s", true);
    for (const char* attribute : {"HttpOnly", "SameSite=Strict", "Secure"})
        EXPECT_NE(cookie.find(attribute), std::string::npos) << cookie;
    EXPECT_EQ(Access::cookie("s", false).find("Secure"), std::string::npos);
    EXPECT_NE(Access::cookie("", false).find("Max-Age=0"), std::string::npos) << Access::cookie("", false);
}

}  // namespace
}  // namespace millrace::serve
