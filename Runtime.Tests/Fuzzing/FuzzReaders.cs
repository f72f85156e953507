using MyGpt.Runtime.Tests.Fuzzing.Readers;

namespace MyGpt.Runtime.Tests.Fuzzing;

/// <summary>Every reader of files. A new one is one line here.</summary>
internal static class FuzzReaders
{
    public static IReadOnlyList<FuzzReader> All { get; } =
    [
        new WeightsReader(),
        new TokenizerReader(),
        new CheckpointReader("pytorch zip", CheckpointSeeds.PyTorchZip),
        new CheckpointReader("hugging face", CheckpointSeeds.HuggingFace),
        new VocabularyReader(),
        new ReferenceFileReader(),
    ];
}
