// A task file and its data, both arbitrary: whatever is in them, the answer is a task or an error
// that a user can read.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tasks/dataset.hpp"
#include "tasks/task.hpp"
#include "tasks/yaml_value.hpp"

namespace {

using namespace allometer::tasks;

/// The directory of this process: task.yaml reads data.jsonl, data.json or data.csv beside it.
struct Directory {
  std::filesystem::path path;

  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "task_fuzz.XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path = name;
    // ERASER's documents beside its rows.
    std::ofstream(path / "docs.jsonl") << R"({"docid": "d", "document": "one two  three"})";
  }
  ~Directory() { std::filesystem::remove_all(path); }
};

const std::filesystem::path& directory() {
  static const Directory made;
  return made.path;
}

void write(const char* name, std::string_view text) {
  std::ofstream(directory() / name, std::ios::binary | std::ios::trunc) << text;
}

/// Everything that can be asked of a task; `generated` is what a model wrote.
void use(const Task& task, std::string_view generated) {
  if (const auto preparation = task.preparation({1, Sampler::fixed, 1234}))
    use(*preparation->task, generated);
  for (int question = 0; question < task.num_questions() && question < 4; ++question) {
    task.question_id(question);
    task.question_text(question);
    task.question_target(question);
    task.num_choices(question);
    for (const Sampler sampler :
         {Sampler::first_n, Sampler::fixed, Sampler::per_question, Sampler::lm_eval}) {
      try {
        const std::vector<Request> requests = task.requests(question, {1, sampler, 1234});
        task.score(question, std::vector<Response>(requests.size(),
                                                   Response{-1, false, 1, std::string(generated)}));
      } catch (const allometer::Error&) {
      }
    }
    if (task.explanation() == nullptr) continue;
    try {
      std::vector<std::string> texts;
      for (const ExplainedText& text : task.explained_texts(question))
        texts.push_back(text.text.substr(text.text.size() / 2));
      task.perturbed_requests(question, std::span(&texts, 1), {});
    } catch (const allometer::Error&) {
    }
  }
  task.digest();
}

}  // namespace

// The input is the task file, a byte 0xFF, and the data.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  const std::size_t cut = input.find('\xFF');
  const std::string_view data = cut == std::string_view::npos
                                    ? "{\"q\": \"a b\", \"a\": [\"c\"], \"id\": 1}\n{\"q\": 2}\n"
                                    : input.substr(cut + 1);
  for (const char* name : {"data.jsonl", "data.json", "data.csv"}) {
    write(name, data);
    try {
      parse_dataset(data, name);
    } catch (const allometer::Error&) {
    }
  }
  write("task.yaml", input.substr(0, cut));
  try {
    parse_yaml(input.substr(0, cut), "task.yaml");
    use(*load_task(directory() / "task.yaml"), data.substr(0, 512));
  } catch (const allometer::Error&) {
  }
  return 0;
}
