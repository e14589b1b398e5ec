#include "base/base64.h"

#include <openssl/evp.h>

namespace millrace::base {

std::string base64(std::string_view bytes) {
    std::string coded((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock adds a NUL
    const int size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(coded.data()),
                        reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    coded.resize(static_cast<std::size_t>(size));
    return coded;
}

}  // namespace millrace::base
