#include "api/ga4_validation.h"

#include <gtest/gtest.h>

#include "model/shop_settings.h"

namespace millrace::api {
namespace {

/// Returns the codes and paths of the messages that answer `body`.
std::vector<std::string> validate(std::string body) {
    const model::RuleOptions rules;
    RequestReader reader(rules, {});
    serve::HttpRequest request;
    request.path = "/debug/mp/collect";
    request.body = std::move(body);
    const IntakeProtocol protocol{.path = request.path,
                                  .format = "ga4",
                                  .body = IntakeProtocol::Body::batch,
                                  .array = "events",
                                  .validates = true};
    const auto answer = ga4_validation(reader.read(request, protocol, "", base::from_ms(1'714'564'800'000)));
    std::vector<std::string> found;
    for (const auto& each : base::parse_json(answer.body, "test").at("validationMessages").as_array())
        found.push_back(std::string(each.at("validationCode").as_string()) + " " +
                        std::string(each.at("fieldPath").as_string()));
    return found;
}

using Found = std::vector<std::string>;

TEST(Ga4Validation, AnEventInOrderGivesNoMessage) {
    EXPECT_EQ(validate(R"({"client_id":"c","events":[{"name":"login","params":{"method":"x"}}]})"), Found());
}

TEST(Ga4Validation, NamesTheLimitsThatARequestExceeds) {
    EXPECT_EQ(
        validate(R"({"events":[{"name":"1st","params":{"a b":"1","long":")" + std::string(101, 'x') +
                 R"("}}]})"),
        Found({"VALUE_REQUIRED client_id", "NAME_INVALID events[0].name", "NAME_INVALID events[0].params.a b",
               "VALUE_INVALID events[0].params.long", "VALUE_INVALID events[0].client_id"}));
    std::string events;
    for (int i = 0; i < 26; ++i) events += std::string(i > 0 ? "," : "") + R"({"name":"login"})";
    EXPECT_EQ(validate(R"({"client_id":"c","events":[)" + events + "]}"),
              Found({"EXCEEDED_MAX_ENTITIES events"}));
}

TEST(Ga4Validation, ListsWhatWouldBeQuarantined) {
    EXPECT_EQ(
        validate(
            R"({"client_id":"c","events":[{"name":"purchase","params":{"items":[{"item_id":"p","price":"x"}]}}]})")
            .size(),
        1U);
}

}  // namespace
}  // namespace millrace::api
