// AWS event-stream frames, as bedrock-runtime sends them.
#pragma once

#include <string>
#include <string_view>

namespace budget::simulated {

// Appends one frame of message type `event` with both checksums. The layout is
// the one of "Amazon Event Stream encoding" in AWS's SDK documentation.
void append_event_frame(std::string& out, std::string_view type, std::string_view payload);

}  // namespace budget::simulated
