#pragma once

#include <cereal/archives/binary.hpp>
#include <exception>
#include <istream>
#include <ostream>

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

}  // namespace millrace::gold
