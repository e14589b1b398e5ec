#include "bronze/partitioner.h"

#include <gtest/gtest.h>

namespace millrace::bronze {
namespace {

// The expected hashes are those of Kafka's own UtilsTest (as unsigned), so both logs give a key the same
// partition.
TEST(Partitioner, HashesAreKafkas) {
    EXPECT_EQ(murmur2("21"), static_cast<std::uint32_t>(-973932308));
    EXPECT_EQ(murmur2("foobar"), static_cast<std::uint32_t>(-790332482));
    EXPECT_EQ(murmur2("a-little-bit-long-string"), static_cast<std::uint32_t>(-985981536));
    EXPECT_EQ(murmur2("a-little-bit-longer-string"), static_cast<std::uint32_t>(-1486304829));
    EXPECT_EQ(murmur2("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8"),
              static_cast<std::uint32_t>(-58897971));
    EXPECT_EQ(murmur2("abc"), static_cast<std::uint32_t>(479470107));
}

TEST(Partitioner, AMissingKeyIsTheEmptyOne) {
    EXPECT_EQ(partition_of({}, 3), partition_of("", 3));
}

}  // namespace
}  // namespace millrace::bronze
