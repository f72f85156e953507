using System.Text;
using MyGpt.Checkpoints;
using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Vocabularies;
using MyGpt.Runtime.Tests.Checkpoints;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Fuzzing.Readers;

/// <summary>tokenizer.json, and vocab.json with merges.txt.</summary>
internal sealed class HuggingFaceVocabularyReader() : FuzzReader("tokenizer.json", Make)
{
    public override Action Read(string path, FuzzRandom random)
    {
        using CheckpointFile file = CheckpointFile.Open(path);
        var report = new Report();
        TokenizerData data = HuggingFaceVocabulary.Find(new CheckpointFolder(file), HuggingFaceFiles.VocabSize, report)!;
        return () =>
        {
            Assert.All(report.Lines, line => Assert.DoesNotContain(line.Text, char.IsControl));
            TokenizerReader.Use(TokenizerFactory.Create(data), data.TokenCount);
        };
    }

    private static IEnumerable<FuzzSeed> Make()
    {
        yield return new FuzzSeed(new FuzzFile("tokenizer.json", PartKind.Json, Encoding.UTF8.GetBytes(HuggingFaceFiles.Tokenizer().ToJsonString())));
        yield return new FuzzSeed(
            new FuzzFile("vocab.json", PartKind.Json, Encoding.UTF8.GetBytes(HuggingFaceFiles.Vocabulary().ToJsonString())),
            new FuzzFile("merges.txt", PartKind.Text, Encoding.UTF8.GetBytes("#version: 0.2\nh e\n\u0120 he\n\u0120he he\n")));
    }
}
