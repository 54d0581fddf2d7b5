// Which of many matches a call fits.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "policy/glob.h"
#include "policy/policy.h"

namespace budget::policy {

// What matches look at. A label that the caller did not say is empty, and an
// empty label matches "*": a policy with `user: "*"` is about every call.
struct CallLabels {
  std::string_view provider, model, component, tier, task_type, user, key, operation;
  // Sorted by name, names unique. A tag that is not there matches nothing, not
  // even "*". nullptr: no tags.
  const std::vector<std::pair<std::string, std::string>>* tags = nullptr;
};

// An index over matches, each known by a number. Immutable once built;
// thread-safe then.
class Matcher {
 public:
  // Adds a match. REQUIRES: ids are added in ascending order, each once.
  void add(std::uint32_t id, const Match& match);

  // The ids of the matches that `call` fits, ascending. Cost: a hash look-up
  // for each kind of label, and a check of each match that shares one exact
  // label with the call or has only wild ones.
  [[nodiscard]] std::vector<std::uint32_t> find(const CallLabels& call) const;

 private:
  static constexpr std::size_t field_count = 8;
  using Fields = std::array<std::string_view, field_count>;
  static Fields fields_of(const CallLabels& call);

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  using Positions = std::vector<std::uint32_t>;  // into entries_, ascending
  using Bucket = std::unordered_map<std::string, Positions, Hash, std::equal_to<>>;

  struct FieldCheck {
    std::size_t field = 0;
    std::vector<Glob> any_of;
  };
  struct TagCheck {
    std::string name;
    std::vector<Glob> any_of;
  };
  struct Entry {
    std::uint32_t id = 0;
    std::vector<FieldCheck> fields;
    std::vector<TagCheck> tags;
  };

  static bool fits(const Entry& entry, const Fields& fields, const CallLabels& call);
  Bucket* bucket_for(const Entry& entry, const std::vector<Glob>** values);

  std::vector<Entry> entries_;
  // Every entry stands in the buckets of one of its fields that has nothing
  // wild, the one likely to be rarest, or else among the unindexed.
  std::array<Bucket, field_count> by_field_;
  std::unordered_map<std::string, Bucket, Hash, std::equal_to<>> by_tag_;
  Positions unindexed_;
};

}  // namespace budget::policy
