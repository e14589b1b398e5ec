#include "silver/message/leftover_fields.h"

#include <gtest/gtest.h>

#include <string>

#include "bronze/record.h"

namespace millrace::silver {
namespace {

class LeftoverFieldsTest : public testing::Test {
  protected:
    void read(std::string json) {
        size_ = json.size();
        text_ = std::move(json);
        text_.append(bronze::record_padding, '\0');
        ASSERT_EQ(tree_.read(std::string_view(text_).substr(0, size_)), model::ValidationRule::none);
    }
    JsonNode& member(JsonTree::Index object, std::string_view name) {
        JsonTree::Index found = JsonTree::none;
        tree_.each(object, [&](JsonTree::Index at) {
            if (tree_[at].name() == name) found = at;
        });
        return tree_[found];
    }
    std::optional<std::string_view> left() {
        LeftoverFields fields(arena_, size_ + 64);
        fields.add_members(tree_, 0);
        return fields.finish();
    }

    TextArena arena_;
    JsonTree tree_;
    std::string text_;
    std::size_t size_ = 0;
};

TEST_F(LeftoverFieldsTest, WhatNoColumnHoldsIsCopiedAsItIs) {
    read(R"({"a" : 1.50, "b":"x\u0041", "c":[1, 2], "d":{"e":null}})");
    member(0, "b").taken = true;
    EXPECT_EQ(left(), R"({"a" : 1.50,"c":[1, 2],"d":{"e":null}})");
}

TEST_F(LeftoverFieldsTest, AnOpenedObjectKeepsWhatIsLeftOfIt) {
    read(R"({"context":{"page":{"url":"u"},"library":{"name":"n"}},"x":1})");
    JsonNode& context = member(0, "context");
    context.opened = true;
    tree_[2].opened = true;
    tree_[3].taken = true;
    EXPECT_EQ(left(), R"({"context":{"library":{"name":"n"}},"x":1})");
}

TEST_F(LeftoverFieldsTest, NothingLeftIsNoObject) {
    read(R"({"a":{"b":1}})");
    tree_[1].opened = true;
    tree_[2].taken = true;
    EXPECT_FALSE(left());
    read("{}");
    EXPECT_FALSE(left());
}

TEST_F(LeftoverFieldsTest, SectionsAndTextsAreJoined) {
    read(R"({"a":1,"b":2})");
    LeftoverFields some(arena_, size_);
    some.add_members(tree_, 0);
    const std::string_view members = some.finish_members();
    EXPECT_EQ(members, R"("a":1,"b":2)");
    LeftoverFields all(arena_, 2 * size_ + 64);
    all.add_text(members);
    all.add_text("");
    all.add_section("message", tree_, 0);
    EXPECT_EQ(all.finish(), R"({"a":1,"b":2,"message":{"a":1,"b":2}})");
    EXPECT_TRUE(is_left(tree_, 0, "a"));
    EXPECT_FALSE(is_left(tree_, 0, "c"));
}

}  // namespace
}  // namespace millrace::silver
