using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Values;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Checkpoints.Vocabularies;

/// <summary>
/// Looks for a vocabulary in every place where training codes leave one: in the checkpoint, then beside it. A model of GPT-2's size
/// without one has GPT-2's.
/// </summary>
internal static class VocabularySearch
{
    /// <summary>Looks.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="vocabSize">V of the model.</param>
    /// <param name="report">Gets what was found or assumed.</param>
    /// <returns>Null when there is none.</returns>
    /// <exception cref="CheckpointException">One is there, and it is damaged or of another model.</exception>
    public static TokenizerData? Find(Checkpoint checkpoint, int vocabSize, Report report) =>
        (checkpoint.Root is DictValue root ? CheckpointVocabulary.Find(root, vocabSize, report) : null)
        ?? HuggingFaceVocabulary.Find(checkpoint.Folder, vocabSize, report)
        ?? Gpt2Vocabularies.ForSize(vocabSize, report);
}
