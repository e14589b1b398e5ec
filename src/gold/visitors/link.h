#pragma once

#include "gold/state/strings.h"
#include "model/timestamp.h"

namespace millrace::gold {

/// A row of Silver that tells which user an id belongs to: an event that has both ids, or an identity
/// message.
struct Link {
    model::Timestamp time;
    StringId id = 0;       ///< the anonymous id, or a user id that another one replaces, in Field::user
    StringId user = 0;     ///< the user_id, in Field::user
    StringId session = 0;  ///< the session in which it came; 0 where it is not known
    bool removes = false;  ///< whether the id does not belong to the user, as far as earlier rows say so

    void mark(Marks& marks) const {
        marks.mark(Field::user, id);
        marks.mark(Field::user, user);
        marks.mark(Field::session, session);
    }
};

}  // namespace millrace::gold
