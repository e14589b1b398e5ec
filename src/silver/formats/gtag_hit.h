#pragma once

#include <string>
#include <string_view>

#include "silver/message/json_tree.h"
#include "silver/message/message_decoder.h"
#include "silver/text_arena.h"

namespace millrace::silver {

/// Returns whether a message is a hit of gtag.js: a query string with the event's name in `en`, which was
/// sent to /g/collect.
bool is_gtag_hit(const Message& message);

/// Translates a hit to an event of the Measurement Protocol, in `event`: `en` is its name, `ep.X` and `epn.X`
/// are params, `up.X` and `upn.X` user properties, `pr1`, `pr2`, … items, and `cid`, `uid`, `sid`, `dl`,
/// `dr`, `dt`, `cu` what the protocol has for them. Other parameters keep their names. A parameter that comes
/// twice counts once. The members of `shared`, which are what a request's URL says for all hits in its body,
/// follow, and are taken. Returns false if a parameter is not UTF-8.
bool translate_gtag_hit(std::string_view hit, JsonTree& shared, TextArena& arena, std::string& event);

}  // namespace millrace::silver
