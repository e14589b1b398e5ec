#include "silver/formats/framing.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::silver {
namespace {

using model::ValidationRule;

TEST(Framing, AZeroByteAndASchemasIdAreConfluentsWireFormat) {
    using namespace std::string_view_literals;
    EXPECT_EQ(framing_of("\0\0\0\0\x07{\"user_id\":\"u\"}"sv), ValidationRule::schema_registry_framing);
    EXPECT_EQ(framing_of("\0\0\0\x01\x07\x02"sv), ValidationRule::schema_registry_framing);
    EXPECT_EQ(framing_of("\0\0\0\0"sv), std::nullopt);
}

TEST(Framing, ASchemaAndAPayloadAreConnectsEnvelope) {
    EXPECT_EQ(framing_of(R"({"schema":{"type":"string","optional":false},"payload":"{}"})"),
              ValidationRule::connect_envelope);
    EXPECT_EQ(framing_of(R"({"payload":{"user_id":"u"},"schema":null})"), ValidationRule::connect_envelope);
    EXPECT_EQ(framing_of(R"({"schema":"iglu:x","payload":1,"user_id":"u"})"), std::nullopt)
        << "it has more members";
    EXPECT_EQ(framing_of(R"({"schema":1,"payload")"), std::nullopt);
    EXPECT_EQ(framing_of(R"(["schema","payload"])"), std::nullopt);
    EXPECT_EQ(framing_of(""), std::nullopt);
}

}  // namespace
}  // namespace millrace::silver
