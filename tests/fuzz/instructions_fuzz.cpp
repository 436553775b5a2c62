// A document with instructions and a response, both arbitrary: whatever is in them, the answer is a
// verdict per instruction or an error that a user can read.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tasks/instructions/instruction.hpp"

// The input is the document as JSON, a byte 0xFF, and the response.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace allometer::tasks;
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  const std::size_t cut = input.find('\xFF');
  const std::string_view response =
      cut == std::string_view::npos ? "One. *Two* [three]" : input.substr(cut + 1);
  const auto document = nlohmann::json::parse(input.substr(0, cut), nullptr, false);
  if (!document.is_object()) return 0;
  try {
    const InstructionList list(document, "input: ");
    const Verdicts verdicts = list.verify(response);
    if (verdicts.strict.size() != list.ids().size()) std::abort();
    for (std::size_t i = 0; i < list.ids().size(); ++i) {
      // What is followed strictly is followed loosely.
      if (verdicts.strict[i] && !verdicts.loose[i]) std::abort();
    }
  } catch (const allometer::Error&) {
  }
  return 0;
}
