#pragma once
/// A task that can also ask about the documents that its demonstrations are drawn from, whose
/// answers whoever runs the task may know.

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "tasks/task.hpp"
#include "tasks/yaml_value.hpp"

namespace allometer::tasks {

/// A document with a known answer, as a question.
struct LabelledQuestion {
  /// One per choice in order; where there are no choices, one, of the answer's text.
  std::vector<Request> requests;
  std::size_t gold = 0;  ///< the request of the right answer
};

class LabelledTask : public Task {
 public:
  /// 0 where demonstrations would be the questions' own documents.
  virtual std::size_t num_labelled() const = 0;
  /// The documents that settings.num_fewshot demonstrations of all questions would be: of the
  /// samplers that draw for each question the draw of `fixed`. Expects num_fewshot <=
  /// num_labelled().
  virtual std::vector<std::size_t> draw_labelled(const PromptSettings& settings) const = 0;
  /// Throws ConfigError where a template cannot be filled.
  virtual LabelledQuestion ask_labelled(std::size_t document,
                                        std::span<const std::size_t> demonstrations,
                                        const ChatSettings& chat) const = 0;
};

/// A task file that was read, without regard to its key prompt_choice. Throws as load_task does.
std::shared_ptr<const LabelledTask> load_labelled_task(const YamlValue& yaml,
                                                       const std::filesystem::path& file);

}  // namespace allometer::tasks
