#include "exchange/merge.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <set>

#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "exchange/json_text.hpp"
#include "exchange/merge_columns.hpp"
#include "exchange/merge_rows.hpp"
#include "io/atomic_file.hpp"
#include "results/netcdf_name.hpp"

namespace allometer::exchange {
namespace {

namespace fs = std::filesystem;

/// Attributes that decide whether numbers of two files compare to the last bit.
constexpr std::array kBuild = {"numerics", "allometer_version", "git_revision"};
/// Attributes of the last start, of which the first file's stand for all.
constexpr std::array kStart = {
    "allometer_version", "git_revision", "argv", "hosts", "mpi", "onednn", "hdf5", "cpu", "slurm"};

std::string attribute(const MergeInput& input, const char* name) {
  return input.job.find_text_attribute(name).value_or("");
}

/// "numerics: 'a' in A.h5, 'b' in B.h5"; empty if all agree.
std::string differing_builds(const std::vector<MergeInput>& inputs) {
  std::string text;
  for (const char* name : kBuild) {
    const std::string first = attribute(inputs.front(), name);
    const auto other = std::find_if(inputs.begin(), inputs.end(), [&](const MergeInput& input) {
      return attribute(input, name) != first;
    });
    if (other == inputs.end()) continue;
    text +=
        fmt::format("{}{}: '{}' in {}, '{}' in {}", text.empty() ? "" : "; ", name, first,
                    inputs.front().path.string(), attribute(*other, name), other->path.string());
  }
  return text;
}

std::string digest_of_file(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  Sha256 sha;
  std::vector<char> block(std::size_t{1} << 20);
  while (stream.read(block.data(), static_cast<std::streamsize>(block.size())) ||
         stream.gcount() > 0) {
    sha.update(std::string_view(block.data(), static_cast<std::size_t>(stream.gcount())));
  }
  if (stream.bad()) throw IoError(fmt::format("{} cannot be read", path.string()));
  return sha.finish().hex();
}

/// Each file with what is told of its job only.
std::string merged_from(const std::vector<MergeInput>& inputs) {
  Json list = Json::array();
  for (const MergeInput& input : inputs) {
    Json entry = {{"file", input.path.string()}, {"sha256", digest_of_file(input.path)}};
    for (const char* name : {"job_name", "job_digest"}) entry[name] = attribute(input, name);
    for (const char* name : kBuild) entry[name] = attribute(input, name);
    list.push_back(std::move(entry));
  }
  return json_text(list);
}

/// What the files say, each text once.
std::string joined(const std::vector<MergeInput>& inputs, const char* name,
                   std::string_view between) {
  std::vector<std::string> texts;
  for (const MergeInput& input : inputs) {
    std::string text = attribute(input, name);
    if (std::find(texts.begin(), texts.end(), text) == texts.end())
      texts.push_back(std::move(text));
  }
  return fmt::format("{}", fmt::join(texts, between));
}

std::string joined_job_texts(const std::vector<MergeInput>& inputs) {
  std::string text;
  std::set<std::string> seen;
  for (const MergeInput& input : inputs) {
    const std::string job = attribute(input, "job_text");
    if (!seen.insert(job).second) continue;
    text += seen.size() == 1 ? ""
                             : fmt::format("\n# --- job {} of {}\n", attribute(input, "job_name"),
                                           input.path.string());
    text += job;
  }
  return text;
}

void write_attributes(io::Hdf5Group& out, const std::vector<MergeInput>& inputs,
                      const std::string& builds, MergeSummary& summary) {
  const std::string text = joined_job_texts(inputs);
  out.set_attribute("job_name", joined(inputs, "job_name", "+"));
  out.set_attribute("job_text", text);
  out.set_attribute("job_digest", sha256(text).hex());
  out.set_attribute("numerics", joined(inputs, "numerics", " | "));
  out.set_attribute("analysis", attribute(inputs.front(), "analysis"));
  const bool same_analysis =
      std::all_of(inputs.begin(), inputs.end(), [&](const MergeInput& input) {
        return attribute(input, "analysis") == attribute(inputs.front(), "analysis");
      });
  if (!same_analysis) {
    summary.notes.push_back(
        fmt::format("the files differ in their analysis settings; those of {} hold",
                    inputs.front().path.string()));
  }
  std::int64_t damaged = 0;
  for (const MergeInput& input : inputs) {
    damaged += input.job.integer_attribute("journal_damaged_bytes").value_or(0);
  }
  out.set_attribute("journal_damaged_bytes", damaged);
  for (const char* name : kStart) {
    if (const auto value = inputs.front().job.find_text_attribute(name))
      out.set_attribute(name, *value);
  }
  out.set_attribute("merged_from", merged_from(inputs));
  if (!builds.empty()) out.set_attribute("mixed_builds", builds);
}

std::vector<MergeInput> open_inputs(const MergeRequest& request) {
  if (request.files.size() < 2) throw ConfigError("merge needs two results files at least");
  std::vector<MergeInput> inputs;
  std::set<fs::path> seen;
  for (const fs::path& file : request.files) {
    if (!seen.insert(fs::weakly_canonical(file)).second) {
      throw ConfigError(fmt::format("{} is given twice", file.string()));
    }
    inputs.emplace_back(file);
  }
  if (seen.contains(fs::weakly_canonical(request.output))) {
    throw ConfigError(fmt::format("{} is one of the files to merge; give another name to -o",
                                  request.output.string()));
  }
  return inputs;
}

void write_file(const fs::path& temporary, const fs::path& output,
                const std::vector<MergeInput>& inputs, const MergePlan& plan,
                const std::string& builds, MergeSummary& summary) {
  io::Hdf5File file = io::Hdf5File::create(temporary, output);
  {
    const std::string name = joined(inputs, "job_name", "+");
    io::Hdf5Group root = file.root();
    root.set_attribute("Conventions", "CF-1.8");
    root.set_attribute("title", "Allometer results of the job " + name);
    root.set_attribute("schema_version", results::kSchemaVersion);
    io::Hdf5Group job = root.create_group(results::group_name(name));
    write_attributes(job, inputs, builds, summary);
    write_merged_columns(job, inputs, plan);
  }
  file.close();
}

}  // namespace

MergeSummary merge_results(const MergeRequest& request) {
  const std::vector<MergeInput> inputs = open_inputs(request);
  const std::string builds = differing_builds(inputs);
  if (!builds.empty() && !request.mixed_builds) {
    throw ConfigError(
        fmt::format("the files are of different builds, whose numbers may differ in their last "
                    "digits ({}): run one of "
                    "them again with the other's build, or say --mixed-builds",
                    builds));
  }
  const MergePlan plan = plan_merge(inputs);
  MergeSummary summary;
  io::replace_file(request.output, [&](const fs::path& temporary) {
    write_file(temporary, request.output, inputs, plan, builds, summary);
  });
  summary.num_models = plan.dimensions.at("model").size();
  summary.num_tasks = plan.dimensions.at("task").size();
  summary.num_cells = plan.dimensions.at("cell").size();
  summary.num_records = plan.dimensions.at("record").size();
  summary.num_same_cells = plan.num_same_cells;
  return summary;
}

}  // namespace allometer::exchange
