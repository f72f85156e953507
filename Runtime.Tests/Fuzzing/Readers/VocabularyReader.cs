using System.Text;
using MyGpt.Checkpoints.Vocabularies;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Fuzzing.Readers;

/// <summary>Vocabulary files of <c>--vocab</c>: lines, JSON and nanoGPT's pickle.</summary>
internal sealed class VocabularyReader() : FuzzReader("vocabulary", Make)
{
    private const int VocabSize = 8;

    public override Action Read(string path, FuzzRandom random)
    {
        TokenizerData data = VocabularyFile.Read(path, VocabSize);
        return () => TokenizerReader.Use(TokenizerFactory.Create(data), data.TokenCount);
    }

    private static IEnumerable<FuzzSeed> Make()
    {
        yield return new FuzzSeed(new FuzzFile("vocab.txt", PartKind.Text, Encoding.UTF8.GetBytes("I\nlove\r\nAI\n!\n")));
        yield return new FuzzSeed(new FuzzFile("vocab.txt", PartKind.Text, Encoding.UTF8.GetBytes("\uFEFFa\n \n\U0001F600\n[\n")));
        yield return new FuzzSeed(new FuzzFile("vocab.json", PartKind.Json, Encoding.UTF8.GetBytes("[\"I\", \"lo\\u0076e\", \"AI\", \"\\ud83d\\ude00\"]\n")));
        yield return new FuzzSeed(new FuzzFile("vocab.txt", PartKind.Json, Encoding.UTF8.GetBytes("[\"a\", \"\\n\"]")));
        yield return new FuzzSeed(new FuzzFile("meta.pkl", PartKind.Pickle, CheckpointSeeds.Meta()));
    }
}
