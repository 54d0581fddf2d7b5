// How the names of one model vary. Names here are lower-case.
#pragma once

#include <optional>
#include <string_view>

namespace budget::pricing {

// Whether `name` matches `pattern`: '*' is any run of characters, '#' one
// digit where `digits` is set; everything else is itself, case aside.
// Cost: linear in practice, never worse than the product of the lengths.
[[nodiscard]] bool matches_glob(std::string_view pattern, std::string_view name,
                                bool digits = false);

// The model's own id inside a resource name: the last part of an ARN, what
// follows "models/" in Google's names, what follows "PROVIDER/". `name` itself
// when it is none of these.
[[nodiscard]] std::string_view without_resource_path(std::string_view name,
                                                     std::string_view provider);

// `name` without its last mark of a version: "-latest", a date in one of the
// vendors' spellings ("-2024-08-06", "-20241022", "@20241022", "-05-20",
// "-0613"), Google's "-001", Bedrock's "-v1:0", ":0" and "-v1". nullopt when it has none.
// One call takes one mark.
[[nodiscard]] std::optional<std::string_view> without_version(std::string_view name);

// `name` without Bedrock's region prefix: "us.", "eu.", "apac.", "global." …
[[nodiscard]] std::optional<std::string_view> without_region(std::string_view name);

// `name` without its last piece ("gpt-4o-foo" is of the family "gpt-4o"), or
// nullopt when there is none, or when that piece tells of another product or
// version with a price of its own ("-pro", "-audio", "-70b", "-5").
[[nodiscard]] std::optional<std::string_view> without_last_piece(std::string_view name);

// Whether `name` has a word that tells of another product than the family
// `pattern` means ("-tts", "-audio-preview"). What follows the model in a
// fine-tune's name is its owner's, and tells nothing.
[[nodiscard]] bool names_another_product(std::string_view name, std::string_view pattern);

}  // namespace budget::pricing
