#pragma once
/// Transforms of published data sets with gold rationales: e-SNLI, ERASER and CoS-E. Each gives
/// documents with the rationale as byte spans in the texts, for explanations
/// (docs/explanations.md).

#include "tasks/dataset.hpp"

namespace allometer::tasks {

/// e-SNLI's CSV (Camburu et al. 2018), with the highlights of its first annotator, *word* in
/// Sentence1_marked_1 and Sentence2_marked_1:
///   {"id": pairID, "premise", "hypothesis", "label", "gold": 0 entailment, 1 neutral, 2
///   contradiction, "premise_rationale": spans, "hypothesis_rationale": spans}
/// A rationale is null where the marked text is another one than the sentence. Throws ConfigError
/// "file:row: ..." for rows without these columns, and for other labels.
Dataset esnli(const Dataset& rows);

/// ERASER's JSONL (DeYoung et al. 2020) with the documents beside it, in docs.jsonl or as files in
/// docs/:
///   {"id": annotation_id, "text", "query", "label": classification, "rationale": spans}
/// The text is that of the documents which the row or its evidence names, or of the one or two that
/// bear its own id. Throws ConfigError "file:row: ..." for evidence beyond its document, and for
/// documents that are not there.
Dataset eraser(const Dataset& rows);

/// CommonsenseQA's JSONL with CoS-E's explanations (Rajani et al. 2019): in the field `explanation`
/// of each row, or in cose.jsonl beside the file, by id:
///   {"id", "text": question, "choices": [texts], "gold", "rationale": spans}
/// A rationale is null where the selected words do not stand in the question, or there are none.
/// Throws ConfigError "file:row: ..." for rows of another form.
Dataset cose(const Dataset& rows);

}  // namespace allometer::tasks
