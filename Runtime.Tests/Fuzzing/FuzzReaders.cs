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
        new CheckpointReader("state dicts", CheckpointSeeds.StateDicts, heads: 2),
        new CheckpointReader("hugging face", CheckpointSeeds.HuggingFace),
        new CheckpointReader("pytorch legacy", CheckpointSeeds.PyTorchLegacy),
        new CheckpointReader("llm.c", CheckpointSeeds.Llmc),
        new CheckpointReader("safetensors", CheckpointSeeds.Safetensors),
        new CheckpointReader("shards", CheckpointSeeds.Shards),
        new GgufReader(),
        new CheckpointReader("gguf gpt2", CheckpointSeeds.GgufGpt2),
        new CheckpointReader("microgpt", CheckpointSeeds.MicroGpt),
        new HuggingFaceVocabularyReader(),
        new VocabularyReader(),
        new ReferenceFileReader(),
    ];
}
