#include "gold/stage/gold_file.h"

#include <gtest/gtest.h>

namespace millrace::gold {
namespace {

TEST(GoldFileTest, ANameIsReadAsItWasMade) {
    for (const auto kind : {GoldFile::Kind::closed, GoldFile::Kind::joined, GoldFile::Kind::provisional}) {
        const GoldFile made{.kind = kind, .version = storage::Version(812)};
        const GoldFile read = gold_file("day=2024-05-01/" + made.prefix() + "-a1b2-3.snappy.parquet");
        EXPECT_EQ(read.kind, kind);
        EXPECT_EQ(read.version, storage::Version(812));
        EXPECT_EQ(read.is_provisional(), kind == GoldFile::Kind::provisional);
    }
}

TEST(GoldFileTest, AnotherEnginesFileHasRowsOfClosedWindowsAndNoVersion) {
    for (const char* path : {"day=2024-05-01/part-00000-6a4bd5ab-c000.snappy.parquet", "part-pages.parquet",
                             "day=2024-05-01/part-v-x.parquet", "0-6a4bd5ab.parquet", ""}) {
        EXPECT_EQ(gold_file(path).version, storage::no_version) << path;
        EXPECT_FALSE(gold_file(path).is_provisional()) << path;
    }
}

TEST(GoldFileTest, ProvisionalFilesAreWholeAsLongAsTheTxnCountsThem) {
    storage::Snapshot snapshot;
    EXPECT_TRUE(provisional_files_are_whole(snapshot));
    snapshot.files["day=2024-05-01/part-p7-a-1.parquet"] = {};
    snapshot.files["day=2024-05-02/part-p7-a-2.parquet"] = {};
    snapshot.files["day=2024-05-02/part-v7-a-3.parquet"] = {};
    snapshot.txns[provisional_app_id] = {.app_id = provisional_app_id, .version = 2};
    EXPECT_EQ(count_provisional_files(snapshot), 2);
    EXPECT_TRUE(provisional_files_are_whole(snapshot));
    snapshot.files.erase("day=2024-05-01/part-p7-a-1.parquet");
    EXPECT_FALSE(provisional_files_are_whole(snapshot));
}

}  // namespace
}  // namespace millrace::gold
