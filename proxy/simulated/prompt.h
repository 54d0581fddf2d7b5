// How many tokens a request's input is, by what the built-in provider says.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <string_view>

#include "pricing/tokens/count.h"

namespace budget::simulated {

// The encoding that counts for a model: its own, or o200k_base for models
// whose encoding is not public.
[[nodiscard]] pricing::Encoding encoding_for(std::string_view model);

[[nodiscard]] std::int64_t tokens_of(pricing::Encoding encoding, std::string_view text);

// What is said in `value`, wherever it stands: the strings that are content,
// not those that are labels, ids or base64; 64 for a picture, below any
// published rule, so never more than what was held for it; a number is a token
// id.
[[nodiscard]] std::int64_t said_tokens(pricing::Encoding encoding, const boost::json::value* value);

// Messages by the formula of OpenAI's cookbook ("How to count tokens with
// tiktoken"): 3 for the reply, and for each message 3, its role, its content,
// and its name and 1 if it has one. Tool calls in messages count as content.
[[nodiscard]] std::int64_t message_tokens(pricing::Encoding encoding,
                                          const boost::json::value* messages);

// Tool declarations: the tokens of each one's JSON. Providers render them in
// ways they do not publish.
[[nodiscard]] std::int64_t json_tokens(pricing::Encoding encoding, const boost::json::value* value);

}  // namespace budget::simulated
