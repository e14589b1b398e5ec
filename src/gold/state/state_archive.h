#pragma once

#include <cereal/archives/binary.hpp>
#include <cstddef>
#include <exception>
#include <istream>
#include <ostream>
#include <utility>

#include "base/error.h"

namespace millrace::gold {

/// Writes an object by its member serialize(). An output archive only reads, so the object does not change.
template <typename Serialize>
void save_state(std::ostream& stream, Serialize&& serialize) {
    cereal::BinaryOutputArchive archive(stream);
    serialize(archive);
}

/// Reads what save_state() has written. Throws an Error for other bytes.
template <typename Serialize>
void load_state(std::istream& stream, Serialize&& serialize) {
    try {
        cereal::BinaryInputArchive archive(stream);
        serialize(archive);
    } catch (const std::exception& error) {  // an impossible length throws exceptions of the library
        throw Error("loading Gold's state", error.what());
    }
}

/// Writes or reads the entries of a map, after their number. A map that is read must be empty.
template <class Archive, class Map>
void serialize_map(Archive& archive, Map& map) {
    std::size_t size = map.size();
    archive(size);
    if constexpr (Archive::is_saving::value) {
        for (auto& [key, value] : map) archive(key, value);
    } else {
        for (; size > 0; --size) {
            std::pair<typename Map::key_type, typename Map::mapped_type> each;
            archive(each.first, each.second);
            map.insert(std::move(each));
        }
    }
}

}  // namespace millrace::gold
