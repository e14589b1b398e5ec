#!/usr/bin/env python3
"""Writes the bots' user agents that the wheel crawler-user-agents lists to a C++ source: bot_list.py OUTPUT"""

import json
import pathlib
import sys

import crawleruseragents

entries = json.loads((pathlib.Path(crawleruseragents.__file__).parent / "crawler-user-agents.json").read_text())
patterns = "".join(f'        R"re({entry["pattern"]})re",\n' for entry in entries)
pathlib.Path(sys.argv[1]).write_text(f"""#include "silver/bots.h"

namespace millrace::silver {{

const std::vector<std::string_view>& bot_patterns() {{
    static const std::vector<std::string_view> patterns = {{
{patterns}    }};
    return patterns;
}}

}}  // namespace millrace::silver
""")
