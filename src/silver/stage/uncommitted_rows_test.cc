#include "silver/stage/uncommitted_rows.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::silver {
namespace {

UncommittedRows::NextOffset up_to(std::string id, std::int64_t next) {
    return [id = std::move(id), next](const std::string& asked) { return asked == id ? next : 0; };
}

RowBlock block_of(const std::string& id, std::initializer_list<std::int64_t> offsets) {
    RowBlock block({id, 0, 1});
    for (const std::int64_t offset : offsets) {
        const std::string user = "user" + std::to_string(offset);
        model::Event event;
        event.event_id = event.user_id = user;
        event.event_type = "view";
        const bronze::Record record{
            .offset = bronze::Offset(offset), .timestamp = {}, .key = user, .value = {}, .headers = {}};
        block.add(event, {.record = record, .record_index = 2, .format = "segment"});
    }
    return block;
}

TEST(UncommittedRows, ARowKeepsItsOwnCopyOfAllTexts) {
    RowBlock block({"id", 0, 1});
    {
        std::string text = "first text that is long enough for an allocation of its own";
        model::Event event;
        event.event_id = event.user_id = event.event_type = text;
        event.product_id = text;
        event.session_id = "";
        event.with_details().properties = text;
        event.details.brand = text;
        const bronze::Record record{
            .offset = bronze::Offset(4), .timestamp = {}, .key = text, .value = {}, .headers = {}};
        block.add(event, {.record = record, .record_index = 1, .format = "ga4"});
        text.assign(text.size(), 'x');
    }
    const RowBlock::Row& row = block.rows().front();
    for (const std::string_view text :
         {row.event.event_id, row.event.user_id, row.event.event_type, *row.event.product_id, row.record.key,
          *row.event.details.properties, *row.event.details.brand})
        EXPECT_TRUE(text.starts_with("first text")) << text;
    EXPECT_EQ(row.event.session_id, "");
    EXPECT_FALSE(row.event.page_url);
    EXPECT_EQ(row.source().format, "ga4");
    EXPECT_EQ(row.source().record_index, 1);
}

TEST(UncommittedRows, AKeyThatIsNullStaysNull) {
    RowBlock block({"id", 0, 1});
    const bronze::Record record{
        .offset = bronze::Offset(4), .timestamp = {}, .key = {}, .value = {}, .headers = {}};
    block.add(model::Event{}, {.record = record});
    EXPECT_EQ(block.rows().front().record.key.data(), nullptr);
}

TEST(UncommittedRows, RowsLeaveWithTheirCommit) {
    UncommittedRows rows;
    rows.add(block_of("log/0", {0, 1}));
    rows.add(block_of("log/1", {0}));
    rows.add(block_of("log/0", {2}));
    ASSERT_EQ(rows.blocks().size(), 3U);
    EXPECT_EQ(rows.blocks(1).size(), 2U);
    EXPECT_TRUE(rows.blocks(4).empty());
    rows.remove_committed(up_to("log/0", 2));
    ASSERT_EQ(rows.blocks().size(), 2U);
    EXPECT_EQ(rows.blocks()[0]->place().progress_id, "log/1");
    EXPECT_EQ(rows.blocks()[1]->rows()[0].event.user_id, "user2");
    EXPECT_TRUE(is_committed(*rows.blocks()[1], up_to("log/0", 3)));
    EXPECT_FALSE(is_committed(*rows.blocks()[1], up_to("log/0", 2)));
}

TEST(UncommittedRows, ABatchThatIsGivenUpLeavesNone) {
    UncommittedRows rows;
    rows.add(block_of("log/0", {0, 1}));
    const auto changes = rows.changes();
    rows.clear();
    EXPECT_TRUE(rows.blocks().empty());
    EXPECT_EQ(rows.clears(), 1U);
    EXPECT_GT(rows.changes(), changes);
}

TEST(UncommittedRows, AGapLastsUntilTheCommitOfItsBatch) {
    UncommittedRows rows;
    rows.note_gap();
    rows.begin_batch();
    EXPECT_TRUE(rows.has_gap());
    rows.note_gap();  // the next batch has one, too
    rows.note_commit();
    EXPECT_TRUE(rows.has_gap());
    rows.begin_batch();
    rows.note_commit();
    EXPECT_FALSE(rows.has_gap());
}

TEST(UncommittedRows, NoMoreAreWantedThanTheLimit) {
    UncommittedRows rows;
    const std::string text(10'000, 'x');
    model::Event event;
    event.page_url = text;
    for (std::size_t added = 0; added < UncommittedRows::most_bytes; added += 1'000 * text.size()) {
        RowBlock block({"log/0", 0, 1});
        for (int i = 0; i < 1'000; ++i) block.add(event, {.record = bronze::Record{}});
        rows.add(std::move(block));
    }
    EXPECT_FALSE(rows.wants_rows());
    rows.remove_committed(up_to("log/0", 1));
    EXPECT_TRUE(rows.wants_rows());
}

}  // namespace
}  // namespace millrace::silver
