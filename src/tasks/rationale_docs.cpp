#include "tasks/rationale_docs.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "io/atomic_file.hpp"

namespace allometer::tasks {
namespace {

using nlohmann::json;
using Spans = std::vector<std::array<std::size_t, 2>>;

/// A row with messages that name it.
class Row {
 public:
  Row(const Dataset& dataset, std::size_t row)
      : document_(dataset.documents[row]), where_(dataset.where(row)) {}

  [[noreturn]] void fail(const std::string& message) const { throw ConfigError(where_ + message); }

  /// The field of an object, which must be there.
  const json& at(const json& object, const std::string& key) const {
    if (object.is_object()) {
      if (const auto found = object.find(key); found != object.end()) return *found;
    }
    fail("there is no '" + key + "' where this data set has one");
  }
  std::string text(const json& object, const std::string& key) const {
    const json& value = at(object, key);
    // A column of a CSV file in which all values are integers was read as integers.
    if (value.is_number_integer()) return value.dump();
    if (!value.is_string()) fail("'" + key + "' must be text, not " + value.dump());
    return value.get<std::string>();
  }
  std::string text(const std::string& key) const { return text(document_, key); }
  const json& list(const json& object, const std::string& key) const {
    const json& value = at(object, key);
    if (!value.is_array()) fail("'" + key + "' must be a list, not " + value.dump());
    return value;
  }
  std::size_t index(const json& object, const std::string& key) const {
    const json& value = at(object, key);
    if (!value.is_number_integer() || value.get<std::int64_t>() < 0)
      fail("'" + key + "' must be a number from 0, not " + value.dump());
    return value.get<std::size_t>();
  }
  const json& document() const { return document_; }

 private:
  const json& document_;
  std::string where_;
};

/// Documents in place of the rows.
Dataset transformed(const Dataset& rows, std::vector<json> documents) {
  Dataset result;
  result.file = rows.file;
  result.digest = rows.digest;
  result.rows = rows.rows;
  result.documents = std::move(documents);
  assign_ids(result);
  return result;
}

/// The spans between asterisks; null if the text without them is not `sentence`.
json spans_of_marked(const std::string& marked, const std::string& sentence) {
  Spans spans;
  std::string plain;
  bool is_open = false;
  for (const char c : marked) {
    if (c != '*') {
      plain += c;
      continue;
    }
    if (!is_open) {
      spans.push_back({plain.size(), plain.size()});
    } else if (plain.size() == spans.back()[0]) {
      spans.pop_back();
    } else {
      spans.back()[1] = plain.size();
    }
    is_open = !is_open;
  }
  if (is_open || plain != sentence) return nullptr;
  return spans;
}

/// The documents of ERASER: from docs.jsonl, or from files that are read when they are asked for.
class EraserDocuments {
 public:
  explicit EraserDocuments(const std::filesystem::path& rows)
      : folder_(rows.parent_path() / "docs") {
    const std::filesystem::path file = rows.parent_path() / "docs.jsonl";
    if (!std::filesystem::is_regular_file(file)) return;
    const Dataset documents = load_dataset(file);
    for (std::size_t i = 0; i < documents.documents.size(); ++i) {
      const Row row(documents, i);
      texts_[row.text("docid")] = row.text("document");
    }
  }

  /// Nothing if there is no such document.
  const std::string* find(const std::string& docid) {
    const auto found = texts_.find(docid);
    if (found != texts_.end()) return &found->second;
    // A name that leaves the folder is nobody's document.
    const std::filesystem::path name(docid);
    if (docid.empty() || name.filename() != name || docid == "." || docid == "..") return nullptr;
    if (!std::filesystem::is_regular_file(folder_ / name)) return nullptr;
    return &texts_.emplace(docid, io::read_text(folder_ / name)).first->second;
  }

  std::string folder() const { return folder_.string(); }

 private:
  std::filesystem::path folder_;
  std::map<std::string, std::string> texts_;
};

/// The document's tokens, which white space separates, as byte ranges.
Spans tokens_of(const std::string& text) {
  constexpr const char* kWhiteSpace = " \t\n\v\f\r";
  Spans tokens;
  std::size_t end = 0;
  while (true) {
    const std::size_t begin = text.find_first_not_of(kWhiteSpace, end);
    if (begin == std::string::npos) return tokens;
    end = std::min(text.find_first_of(kWhiteSpace, begin), text.size());
    tokens.push_back({begin, end});
  }
}

/// Evidence as token ranges, by document.
struct Evidence {
  std::string docid;
  std::size_t begin = 0;
  std::size_t end = 0;
};

std::vector<Evidence> evidence_of(const Row& row) {
  std::vector<Evidence> all;
  for (const json& group : row.list(row.document(), "evidences")) {
    if (!group.is_array()) row.fail("'evidences' must be a list of lists");
    for (const json& one : group) {
      all.push_back(
          {row.text(one, "docid"), row.index(one, "start_token"), row.index(one, "end_token")});
    }
  }
  return all;
}

std::vector<std::string> docids_of(const Row& row, const std::vector<Evidence>& evidence,
                                   EraserDocuments& documents) {
  std::vector<std::string> ids;
  const auto named = row.document().find("docids");
  if (named != row.document().end() && named->is_array()) {
    for (const json& id : *named) {
      if (!id.is_string()) row.fail("'docids' must be a list of names, not " + named->dump());
      ids.push_back(id.get<std::string>());
    }
  }
  if (!ids.empty()) return ids;
  const std::string own = row.text("annotation_id");
  // The pairs of e-SNLI, of which the evidence may name one alone.
  if (documents.find(own + "_premise") != nullptr && documents.find(own + "_hypothesis") != nullptr)
    return {own + "_premise", own + "_hypothesis"};
  for (const Evidence& one : evidence) {
    if (std::find(ids.begin(), ids.end(), one.docid) == ids.end()) ids.push_back(one.docid);
  }
  if (ids.empty()) ids.push_back(own);
  return ids;
}

json eraser_document(const Row& row, EraserDocuments& documents) {
  const std::vector<Evidence> evidence = evidence_of(row);
  std::string text;
  Spans rationale;
  std::set<std::string> used;
  for (const std::string& docid : docids_of(row, evidence, documents)) {
    const std::string* document = documents.find(docid);
    if (document == nullptr) {
      row.fail(fmt::format("there is no document '{}', neither in docs.jsonl nor in {}", docid,
                           documents.folder()));
    }
    if (!text.empty()) text += '\n';
    const Spans tokens = tokens_of(*document);
    for (const Evidence& one : evidence) {
      if (one.docid != docid) continue;
      if (one.begin >= one.end || one.end > tokens.size()) {
        row.fail(fmt::format("evidence of tokens {} to {} in '{}', which has {}", one.begin,
                             one.end, docid, tokens.size()));
      }
      rationale.push_back(
          {text.size() + tokens[one.begin][0], text.size() + tokens[one.end - 1][1]});
    }
    text += *document;
    used.insert(docid);
  }
  for (const Evidence& one : evidence) {
    if (!used.contains(one.docid))
      row.fail("evidence in '" + one.docid + "', which the row does not name");
  }
  const auto query = row.document().find("query");
  return {{"id", row.text("annotation_id")},
          {"text", text},
          {"query", query != row.document().end() && query->is_string() ? *query : json("")},
          {"label", row.text("classification")},
          {"rationale", rationale}};
}

/// By id, what explanations say in cose.jsonl.
std::map<std::string, json> read_cose(const std::filesystem::path& rows) {
  std::map<std::string, json> explanations;
  const std::filesystem::path file = rows.parent_path() / "cose.jsonl";
  if (!std::filesystem::is_regular_file(file)) return explanations;
  const Dataset dataset = load_dataset(file);
  for (std::size_t i = 0; i < dataset.documents.size(); ++i) {
    const Row row(dataset, i);
    explanations[row.text("id")] = row.at(row.document(), "explanation");
  }
  return explanations;
}

json cose_document(const Row& row, const std::map<std::string, json>& explanations) {
  const std::string id = row.text("id");
  const json& question = row.at(row.document(), "question");
  const std::string stem = row.text(question, "stem");
  const std::string answer = row.text("answerKey");
  std::vector<std::string> choices;
  std::optional<std::size_t> gold;
  for (const json& choice : row.list(question, "choices")) {
    if (row.text(choice, "label") == answer) gold = choices.size();
    choices.push_back(row.text(choice, "text"));
  }
  if (!gold) row.fail("answerKey '" + answer + "' is the label of no choice");

  json explanation = nullptr;
  if (const auto own = row.document().find("explanation"); own != row.document().end())
    explanation = *own;
  if (const auto other = explanations.find(id);
      explanation.is_null() && other != explanations.end())
    explanation = other->second;
  json rationale = nullptr;
  if (!explanation.is_null()) {
    const std::string selected = row.text(explanation, "selected");
    const std::size_t begin = selected.empty() ? std::string::npos : stem.find(selected);
    if (begin != std::string::npos) rationale = Spans{{begin, begin + selected.size()}};
  }
  return {
      {"id", id}, {"text", stem}, {"choices", choices}, {"gold", *gold}, {"rationale", rationale}};
}

/// The digest of documents stands for all files that they came from.
Dataset with_digest_of_documents(Dataset dataset) {
  Sha256 hash;
  for (const json& document : dataset.documents) hash.update(document.dump()).update("\n");
  dataset.digest = hash.finish();
  return dataset;
}

}  // namespace

Dataset esnli(const Dataset& rows) {
  constexpr std::array<std::string_view, 3> kLabels{"entailment", "neutral", "contradiction"};
  std::vector<json> documents;
  for (std::size_t i = 0; i < rows.documents.size(); ++i) {
    const Row row(rows, i);
    const std::string label = row.text("gold_label");
    const auto gold = std::find(kLabels.begin(), kLabels.end(), label);
    if (gold == kLabels.end())
      row.fail("gold_label must be entailment, neutral or contradiction, not '" + label + "'");
    const std::string premise = row.text("Sentence1");
    const std::string hypothesis = row.text("Sentence2");
    documents.push_back(
        {{"id", row.text("pairID")},
         {"premise", premise},
         {"hypothesis", hypothesis},
         {"label", label},
         {"gold", gold - kLabels.begin()},
         {"premise_rationale", spans_of_marked(row.text("Sentence1_marked_1"), premise)},
         {"hypothesis_rationale", spans_of_marked(row.text("Sentence2_marked_1"), hypothesis)}});
  }
  return transformed(rows, std::move(documents));
}

Dataset eraser(const Dataset& rows) {
  EraserDocuments texts(rows.file);
  std::vector<json> documents;
  for (std::size_t i = 0; i < rows.documents.size(); ++i)
    documents.push_back(eraser_document(Row(rows, i), texts));
  return with_digest_of_documents(transformed(rows, std::move(documents)));
}

Dataset cose(const Dataset& rows) {
  const std::map<std::string, json> explanations = read_cose(rows.file);
  std::vector<json> documents;
  for (std::size_t i = 0; i < rows.documents.size(); ++i)
    documents.push_back(cose_document(Row(rows, i), explanations));
  return with_digest_of_documents(transformed(rows, std::move(documents)));
}

}  // namespace allometer::tasks
